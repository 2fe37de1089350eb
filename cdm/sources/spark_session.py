"""Spark sessions: one Java process for all that run on this machine, quiet and closed to others; or a Spark Connect server's.

Only one SparkContext lives in a process (PySpark's own rule), so sessions on this machine share the first one's cores and
memory; each has its views and settings to itself. What Java writes goes nowhere: it may quote rows.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdm.errors import BadInput, SourceUnavailable
from cdm.sources.spark_errors import MISSING, hushed, translated

JAVA = (
    "Spark needs Java 17 or newer on this machine, and there is none; install it (Debian: openjdk-17-jre-headless), or name "
    "its folder in JAVA_HOME"
)
# What a query means must not hang on how a server is set up.
MEANING = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}
# Spark keeps the plans of its last 1,000 queries as texts for its pages; ours are long, and nobody looks at them.
_FORGETFUL = {
    "spark.ui.retainedJobs": "1",
    "spark.ui.retainedStages": "1",
    "spark.ui.retainedTasks": "1",
    "spark.sql.ui.retainedExecutions": "1",
    "spark.sql.maxPlanStringLength": "1000",
}
SECONDS_TO_CONNECT = 10


@dataclass
class _Running:
    """The Java process of this process. users: sessions that are open."""

    context: Any
    gateway: Any
    folder: Path
    users: int = 0


_lock = threading.Lock()
_running: _Running | None = None


def local(url: str, cores: str, memory: str | None) -> Any:
    """A new session on this machine; cores: a number or *; memory: as Spark has it ('4g'), default half of the machine's.

    Raises BadInput without PySpark or Java. Give it back with `give_back`.
    """
    global _running  # noqa: PLW0603  a process has one
    _imported()
    with _lock, translated(url):
        if _running is not None and _running.gateway.proc.poll() is not None:
            _stop(_running)  # Java died, of too little memory as a rule
            _running = None
        if _running is None:
            _running = _start(url, cores, memory or _half())
        _running.users += 1
        return _settled(_first(_running).newSession())


def give_back(session: Any) -> None:
    """Let a session of `local` go, and with it its views; Java ends with the last one."""
    global _running
    with _lock:
        if _running is None or session.sparkContext is not _running.context:
            return  # it died, and another one was started
        _running.users -= 1
        if _running.users == 0:
            ended, _running = _running, None
            _stop(ended)


def connected(url: str, host: str, port: int, options: str) -> Any:
    """A new session of a Spark Connect server; options: those of its own address, `;token=...` among them."""
    _imported()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas 3, of which nothing is used here
            from pyspark.sql.connect.session import SparkSession
    except ImportError:
        raise BadInput(MISSING) from None
    hushed()
    try:
        # Spark itself goes on knocking for ten minutes.
        socket.create_connection((host, port), SECONDS_TO_CONNECT).close()
    except OSError:
        raise SourceUnavailable(f"{url}: no server listens there; check host and port, and that it runs") from None
    with translated(url):
        return _settled(SparkSession.builder.remote(f"sc://{host}:{port}/{options}").create())


def _imported() -> None:
    try:
        with warnings.catch_warnings():
            # Of pandas 3, of which nothing is used here. PySpark looks for it once, in its module of tests, and believes that
            # Connect cannot be used where the warning is an error.
            warnings.simplefilter("ignore", FutureWarning)
            import pyspark.testing  # noqa: F401
    except ImportError:
        raise BadInput(MISSING) from None
    hushed()


def _settled(session: Any) -> Any:
    for name, value in MEANING.items():
        session.conf.set(name, value)
    return session


def _first(running: _Running) -> Any:
    from pyspark.sql import SparkSession

    return SparkSession(running.context)


def _start(url: str, cores: str, memory: str) -> _Running:
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkRuntimeError
    from pyspark.java_gateway import launch_gateway

    _check_java()
    folder = Path(tempfile.mkdtemp(prefix="naru-spark-"))  # shuffles spill rows into it: closed to others
    conf = SparkConf(loadDefaults=False).setMaster(f"local[{cores}]").setAppName("naru")
    conf.setAll(list(_settings(folder, memory, cores).items()))
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        gateway = launch_gateway(conf, nowhere)
        context = SparkContext(conf=conf, gateway=gateway)
    except PySparkRuntimeError:
        shutil.rmtree(folder, ignore_errors=True)
        raise BadInput(
            f"{url}: Spark did not start; it needs Java 17 or newer (see java -version, JAVA_HOME) and {memory} of memory"
        ) from None
    context.setLogLevel("OFF")
    return _Running(context, gateway, folder)


def _settings(folder: Path, memory: str, cores: str) -> dict[str, str]:
    partitions = str(os.cpu_count() or 1) if cores == "*" else cores
    return {
        "spark.driver.memory": memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": partitions,
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={folder} -XX:-UsePerfData",
        **_FORGETFUL,
    }


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        raise BadInput(JAVA)


def _half() -> str:
    """Half of the machine's memory, at least one gigabyte, for Spark's -Xmx."""
    return f"{max(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 2 // 2**20, 1024)}m"


def _stop(ended: _Running) -> None:
    """End Java with its context. PySpark keeps the gateway for the next context, which a dead one would not serve."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    for end in (ended.context.stop, ended.gateway.shutdown, ended.gateway.proc.stdin.close):
        with suppress(Exception):  # where Java is gone, there is nothing to stop
            end()
    ended.gateway.proc.wait()
    SparkContext._active_spark_context = None
    SparkContext._gateway = SparkContext._jvm = None
    SparkSession._instantiatedSession = SparkSession._activeSession = None
    shutil.rmtree(ended.folder, ignore_errors=True)
