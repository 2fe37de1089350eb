"""`naru cohort import`: a definition from a WebAPI, pinned; and every way in which that can go wrong."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
import ssl
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cdm.errors import BadInput, SourceUnavailable
from cohorts import pins
from cohorts.expression import read
from flows.cohort_import import import_one, webapi
from flows.webapi.address import checked, token
from flows.webapi.client import WebApi
from flows.webapi.definition import fetch
from tests.cohorts.small import concept_set, condition, definition, drug
from tests.cohorts.test_lint import HOSPITAL
from tests.flows.commands import Ready
from tests.flows.test_bad_input import told
from tests.flows.webapi import SOUND, Answers, Real, Said, as_json, odd, real
from tests.tables import write_duckdb

with_webapi = pytest.mark.xdist_group("flows_webapi")
SETS = [
    concept_set(1, 10, includeDescendants=True),
    concept_set(2, 20, includeMapped=True),
    concept_set(3),
    concept_set(4, 77),
]
BLEEDING = definition(condition(), drug(), ConceptSets=SETS)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with real(tmp_path_factory.mktemp("webapi")) as served:
        yield served


# --- a real WebAPI


@with_webapi
def test_a_definition_comes_with_its_sets_as_they_are_resolved_there(
    command: Ready, atlas: Real, tmp_path: Path
) -> None:
    number, out = atlas.put("위장출혈 bleeding", BLEEDING), tmp_path / "bleeding.json"
    told_of = command.json(tmp_path, "cohort", "import", "--webapi", atlas.url + "/", number, "--out", out)
    assert json.loads(out.read_text(encoding="utf-8")) == BLEEDING
    found = pins.read(tmp_path / "bleeding.pins.json")
    assert [(one.id, one.name, one.concept_ids) for one in found.concept_sets] == [
        (1, "set 1", (10, 11)), (2, "set 2", (20, 21)), (3, "set 3", ()), (4, "set 4", ()),
    ]  # fmt: skip
    assert (found.definition.id, found.definition.name) == (number, "위장출혈 bleeding")
    assert (found.vocabulary.source_key, found.vocabulary.version) == ("HANBIT", "v5.0 31-AUG-25")
    assert (found.webapi.url, found.webapi.version.split()[0]) == (atlas.url, "3.0.0")
    moments = [found.resolved_at, found.definition.modified]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(moment)) for moment in moments)
    assert found.definition.sha256 == pins.sha256_of(out)
    assert told_of["concept_sets"][0] == {"id": 1, "name": "set 1", "concepts": 2}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bleeding.json", "bleeding.pins.json"]


@with_webapi
def test_the_hospital_sees_where_its_vocabulary_gives_other_concepts(
    command: Ready, atlas: Real, tmp_path: Path
) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    command.ok(
        tmp_path, "cohort", "import", "--webapi", atlas.url, atlas.put("x", BLEEDING), "--out", folder / "1.json"
    )
    source = f"duckdb://{write_duckdb(tmp_path / 'hospital.duckdb', HOSPITAL)}?schema=cdm"
    check = ("cohort", "check", folder / "1.json", "--source", source)

    def told_of(name: str) -> list[Any]:
        findings = command.json(tmp_path, *check)
        return [one for one in findings if one["code"] == name]

    (differs,) = told_of("concept_set_resolves_differently")
    assert (differs["path"], differs["missing"], differs["extra"]) == ("$.ConceptSets[0]", [11], [])
    assert "고정할 때" in command.ok(tmp_path, *check, "--lang", "ko").out
    assert told_of("pins_of_other_definition") == []
    (folder / "1.json").write_text(json.dumps({**BLEEDING, "Title": "changed"}), encoding="utf-8")
    assert len(told_of("pins_of_other_definition")) == 1
    command.ok(tmp_path, "cohort", "run-all", folder, "--source", source, "--out", tmp_path / "all.parquet")
    (folder / "1.pins.json").write_text("{}")
    told(command(tmp_path, *check), 2, r"1.pins.json: \$.definition is not what a pins file has there")


@with_webapi
def test_without_an_id_the_definitions_are_listed(command: Ready, atlas: Real, tmp_path: Path) -> None:
    number = atlas.put("another one", BLEEDING)
    lines = command.json(tmp_path, "cohort", "import", "--webapi", atlas.url)
    assert {line["id"]: line["name"] for line in lines}[number] == "another one"
    assert re.search(rf"{number}\s+another one", command.ok(tmp_path, "cohort", "import", "--webapi", atlas.url).out)


@with_webapi
def test_files_that_stand_are_replaced_only_on_purpose(command: Ready, atlas: Real, tmp_path: Path) -> None:
    ask = ("cohort", "import", "--webapi", atlas.url, atlas.put("x", BLEEDING), "--out", tmp_path / "x.json")
    command.ok(tmp_path, *ask)
    (tmp_path / "x.json").write_text("mine")
    told(command(tmp_path, *ask), 2, "x.json: stands there already; say --replace")
    assert (tmp_path / "x.json").read_text() == "mine"
    command.ok(tmp_path, *ask, "--replace")
    (tmp_path / "x.json").unlink()
    told(command(tmp_path, *ask), 2, "x.pins.json: stands there already")


@with_webapi
def test_what_the_webapi_does_not_have_or_we_do_not_read(command: Ready, atlas: Real, tmp_path: Path) -> None:
    wrong = atlas.put("wrong", {**BLEEDING, "Foo": 1})
    empty = atlas.put("empty", {})
    asked: dict[tuple[object, ...], str] = {
        (9_999_999,): "has no cohort definition 9999999 \\(404\\)",
        (wrong,): rf"cohort definition {wrong}: \$.expression.Foo is no part of a cohort definition",
        (empty,): rf"cohort definition {empty}: \$.expression.PrimaryCriteria is missing",
        (
            atlas.put("x", BLEEDING),
            "--vocabulary",
            "SEOUL",
        ): "has no source SEOUL; give the key of one with --vocabulary",
        (1, "--vocabulary", "../info"): "--vocabulary ../info: has to be the key of a source",
        (10**12,): "1000000000000 is no id of a cohort definition",
    }
    for arguments, said in asked.items():
        ended = command(tmp_path, "cohort", "import", "--webapi", atlas.url, *arguments, "--out", tmp_path / "x.json")
        told(ended, 2, said)
    assert list(tmp_path.iterdir()) == []


@with_webapi
def test_another_page_of_the_same_host_is_no_webapi(command: Ready, atlas: Real, tmp_path: Path) -> None:
    root = atlas.url.removesuffix("/WebAPI")
    for url in (root, f"{root}/WebAPI/source"):
        ended = command(tmp_path, "cohort", "import", "--webapi", url, 1, "--out", tmp_path / "x.json")
        told(ended, 2, f"{url}: is no WebAPI; give an address such as https://HOST/WebAPI")


# --- addresses and tokens


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("atlas.hospital.kr/WebAPI", "has to be an address such as https://HOST/WebAPI"),
        ("ftp://atlas/WebAPI", "has to be an address"),
        ("https://", "has to be an address"),
        ("https://atlas:99999/WebAPI", "has to be an address"),
        ("https://at las/WebAPI", "has to be an address"),
        ("https://[::1/WebAPI", "has to be an address"),
        ("https://아틀라스/WebAPI", "has to be an address"),
        ("https://me:hunter2@atlas/WebAPI", "holds more than an address"),
        ("https://atlas/WebAPI?token=hunter2", "holds more than an address"),
        ("https://atlas/atlas/#/cohortdefinition/hunter2", "names a page of ATLAS"),
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused_without_repeating_it(url: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        checked(url)
    assert "hunter2" not in str(caught.value)


def test_a_token_comes_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("Bearer abc.def-123\n")
    file.chmod(0o640)
    with pytest.raises(BadInput, match=r"token: others can read this token \(mode 640\); change it to 600"):
        token("https://atlas/WebAPI", file)
    file.chmod(0o600)
    assert token("https://atlas/WebAPI", file) == "abc.def-123"
    with pytest.raises(BadInput, match="a token would travel there unencrypted; give an https address"):
        token("http://atlas/WebAPI", file)
    for content in (b"", b"two words", b"a\nb", b"\xff", b"x" * 20_000):
        file.write_bytes(content)
        if content:
            with pytest.raises(BadInput, match="token: holds no bearer token"):
                token("https://atlas/WebAPI", file)
        else:
            assert token("https://atlas/WebAPI", file) is None
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadInput, match=r"token cannot be read|is no regular file"):
            token("https://atlas/WebAPI", place)


def only_for(secret: str) -> Answers:
    """A WebAPI that shows definition 1 to who has the token, and forbids definition 2."""
    shown = as_json({"id": 1, "name": "x", "expression": json.dumps(BLEEDING), "modifiedDate": "2024-05-01 10:00"})

    def guard(headers: Any) -> Said:
        return shown if headers.get("authorization") == f"Bearer {secret}" else Said(b'{"secret": "hunter2"}', 401)

    return {**SOUND, "/cohortdefinition/1": guard, "/cohortdefinition/2": Said(b"hunter2", 403)}


@with_webapi
def test_a_token_of_the_environment_opens_the_door_and_is_never_shown(command: Ready, tmp_path: Path) -> None:
    with odd(only_for("s3cret")) as api:
        ask = ("cohort", "import", "--webapi", api.url)
        unknown = command(tmp_path, *ask, 1, "--out", tmp_path / "a.json")
        told(
            unknown, 3, r"does not know who asks \(401\); give a bearer token that is still valid in NARU_WEBAPI_TOKEN"
        )
        wrong = command(tmp_path, *ask, 1, "--out", tmp_path / "a.json", NARU_WEBAPI_TOKEN="wr0ng")
        told(wrong, 3, r"\(401\)")
        forbidden = command(tmp_path, *ask, 2, "--out", tmp_path / "a.json", NARU_WEBAPI_TOKEN="s3cret")
        told(forbidden, 3, r"does not let us read cohort definition 2 \(403\); ask for the permission there")
        assert list(tmp_path.iterdir()) == []
        right = command.ok(tmp_path, *ask, 1, "--out", tmp_path / "a.json", NARU_WEBAPI_TOKEN="s3cret")
    seen = "".join(ended.out + ended.err for ended in (unknown, wrong, forbidden, right))
    files = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.json"))
    assert not re.search("s3cret|wr0ng|hunter2", seen + files)
    assert pins.read(tmp_path / "a.pins.json").definition.modified == "2024-05-01 10:00"
    assert pins.read(tmp_path / "a.pins.json").concept_sets[0].concept_ids == (10, 11)


# --- what networks and servers do


def answering(**more: Any) -> Answers:
    """A sound WebAPI with definition 1, but for these answers."""
    shown = as_json({"id": 1, "name": "x", "expression": BLEEDING})
    return {**SOUND, "/cohortdefinition/1": shown, **{name.replace("__", "/"): said for name, said in more.items()}}


RESOLVE = "/vocabulary/OMOP/resolveConceptSetExpression"
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (answering(__info=Said(b"<html>")), "its info is not JSON; give the address of a WebAPI"),
        (answering(__info=Said(DEEP)), "its info is not JSON"),
        (answering(__info=as_json({"name": "another service"})), "is no WebAPI; give an address such as"),
        (answering(__info=as_json([])), "is no WebAPI"),
        (answering(__info=Said(status=404)), "is no WebAPI"),
        (answering(__info=Said(status=500)), "answers the question for info with status 500"),
        (answering(__info=Said(status=204)), "answers the question for info with status 204"),
        ({**answering(), "/cohortdefinition/1": Said(b"oops")}, "its cohort definition 1 is not JSON"),
        ({**answering(), "/cohortdefinition/1": as_json({"id": 1})}, "is no WebAPI"),
        (
            {**answering(), "/cohortdefinition/1": as_json({"expression": "{"})},
            r"cohort definition 1: \$.expression:1:2: is not JSON",
        ),
        (
            {**answering(), "/cohortdefinition/1": as_json({"expression": {**BLEEDING, "Title": "\x1b"}})},
            r"cohort definition 1: \$.expression.Title holds the character U\+001B",
        ),
        ({**answering(), "/cohortdefinition/1": Said(b'"' + b"x" * 64_000_001)}, "has more than 64 MB"),
        (
            {**answering(), RESOLVE: Said(status=500)},
            r"answers the question for concept set 1 \(set 1\) with status 500.*\(its vocabulary OMOP cannot resolve this set\)",
        ),
        (
            {**answering(), RESOLVE: as_json({"message": "no"})},
            r"its vocabulary OMOP answers concept set 1 \(set 1\) with something else than a list of concept ids",
        ),
        ({**answering(), RESOLVE: as_json([1, "2"])}, "something else than a list of concept ids"),
        ({**answering(), RESOLVE: as_json([True])}, "something else than a list of concept ids"),
        (
            {**answering(), "/vocabulary/OMOP/info": as_json({})},
            "does not say which version the vocabulary of source OMOP",
        ),
        (
            {**answering(), "/source/priorityVocabulary": as_json({}), "/source/sources": as_json([])},
            "has no source with a vocabulary; say which one resolves concept sets with --vocabulary",
        ),
        (
            {
                **answering(),
                "/source/priorityVocabulary": as_json({"sourceKey": "../../x"}),
                "/source/sources": as_json({}),
            },
            "has no source with a vocabulary",
        ),
    ],
)
def test_an_answer_that_is_none_is_told_in_one_sentence(tmp_path: Path, answers: Answers, said: str) -> None:
    with odd(answers) as api, pytest.raises(BadInput, match=said) as caught:
        import_one(webapi(api.url, None), 1, tmp_path / "x.json", None, replace=False)
    assert str(caught.value).startswith(api.url)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_vocabulary_of_the_highest_priority_resolves_where_the_webapi_does_not_say() -> None:
    def source(key: str, priority: object, kind: str = "Vocabulary") -> dict[str, object]:
        return {"sourceKey": key, "daimons": [{"daimonType": kind, "priority": priority}, {"daimonType": "CDM"}]}

    sources = [
        source("LOW", 1),
        source("OMOP", 5),
        source("CDMONLY", 9, "CDM"),
        source("NONE", None),
        {"sourceKey": "X"},
    ]
    missing = {name: said for name, said in answering().items() if name != "/source/priorityVocabulary"}
    with odd({**missing, "/source/sources": as_json(sources)}) as api:
        assert fetch(WebApi(api.url), 1).pins.vocabulary.source_key == "OMOP"


def test_a_redirect_is_followed_on_the_same_host_only(tmp_path: Path) -> None:
    moved = Said(status=302, headers={"Location": "/WebAPI/info"})
    inside = {**answering(), "/info": moved, "/WebAPI/info": as_json({"version": "2"})}
    with odd(inside) as api:
        assert fetch(WebApi(api.url, "s3cret"), 1).pins.webapi.version == "2"
    with odd(answering()) as elsewhere:
        targets = {
            f"{elsewhere.url}/info": f"sends us on to {re.escape(elsewhere.url)}, where nothing is asked",
            "file:///etc/passwd": "sends us on to file://",
            "//evil.invalid/info": "sends us on to http://evil.invalid",
            "/info": "sends us from one address to the next without end",
            "http://x:port/": "the connection broke off, or does not speak HTTP",
        }
        for target, said in targets.items():
            away = Said(status=302, headers={"Location": target})
            with odd(answering(__info=away)) as api, pytest.raises(BadInput, match=said):
                fetch(WebApi(api.url, "s3cret"), 1)
        assert elsewhere.asked == []
    turned = {**answering(), RESOLVE: Said(status=302, headers={"Location": "/info"})}
    with odd(turned) as api, pytest.raises(BadInput, match="sends our question on to another page"):
        fetch(WebApi(api.url), 1)


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (Said(after=3), "says nothing for 0.5 seconds; try again when it has less to do"),
        (Said(b"[" + b" " * 100 + b"]", after=0.1, slowly=True), "its info is not there after 1 seconds; try again"),
        (
            Said(b"{", break_off=True),
            r"the connection broke off, or does not speak HTTP \(RemoteProtocolError\); try again",
        ),
    ],
)
def test_a_server_that_is_slow_or_breaks_off_is_not_waited_for(info: Said, said: str) -> None:
    with odd(answering(__info=info)) as api, pytest.raises(SourceUnavailable, match=said):
        fetch(WebApi(api.url, silence=0.5, whole=1), 1)


def test_nobody_there(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:1/WebAPI", "https://no-such-host.invalid/WebAPI"):
        with pytest.raises(SourceUnavailable, match="cannot be reached; see to the address, and whether it runs"):
            fetch(WebApi(url, silence=5), 1)


# --- TLS


def certified(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(certificate.public_bytes(pem) + private)
    return file


def test_a_certificate_is_looked_at_and_the_hospitals_own_authority_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certified(tmp_path)

    def with_tls(server: ThreadingHTTPServer) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True)

    with odd(answering(), prepare=with_tls) as api:
        with pytest.raises(SourceUnavailable, match="its certificate is not trusted here; .* SSL_CERT_FILE"):
            fetch(WebApi(api.url), 1)
        with pytest.raises(SourceUnavailable, match="the connection broke off"):
            fetch(WebApi(api.url.replace("https", "http")), 1)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert fetch(WebApi(api.url), 1).pins.webapi.url == api.url
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
        with pytest.raises(BadInput, match="settings for the network cannot be used .* SSL_CERT_FILE"):
            fetch(WebApi(api.url), 1)
    with odd(answering()) as api, pytest.raises(SourceUnavailable, match="does not speak TLS as https asks for"):
        monkeypatch.delenv("SSL_CERT_FILE")
        fetch(WebApi(api.url.replace("http", "https")), 1)


# --- files


def test_both_files_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes the first file and not the second leaves nothing."""
    write = Path.write_text

    def full(path: Path, *given: Any, **more: Any) -> int:
        if "pins" in path.name:
            raise OSError(28, "No space left on device")
        return write(path, *given, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with odd(answering()) as api, pytest.raises(OSError, match="No space left"):
        import_one(webapi(api.url, None), 1, tmp_path / "x.json", None, replace=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x.txt", "must end in .json"),
        ("no/x.json", "does not exist; make it first"),
        ("x.pins.json", "must not end in .pins"),
    ],
)
def test_a_name_that_cannot_be_written_is_told_before_anything_is_asked(tmp_path: Path, name: str, said: str) -> None:
    with odd(answering()) as api:
        with pytest.raises(BadInput, match=said):
            import_one(webapi(api.url, None), 1, tmp_path / name, None, replace=False)
        assert api.asked == []


def test_what_was_imported_is_what_runs(tmp_path: Path) -> None:
    with odd(answering()) as api:
        written = import_one(webapi(api.url, None), 1, tmp_path / "1.json", None, replace=False)
    assert read(written.out).primary_criteria.criteria_list[0].kind == "ConditionOccurrence"
