"""The whole story by the six roles in Chromium, in Korean: `make test-browser`. Its pictures are those of the documentation."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyrage import x25519

from drb import Board, open_board
from drb.columns import canonical
from drb.destruction import statement
from drb.quorum import Settings
from drb.seed import cast, seed
from drb.states import GrantState, ReleaseState
from flows.cli.board_seed import open_accounts
from flows.demo.evidence import lay_demo_evidence, pack
from flows.demo.topics import TOPICS
from portal.app import create_app
from portal.settings import Offer, PortalSettings
from portal.sign_in.passwords import hashed
from tests.portal.conftest import KEY
from tests.portal.story import CHROMIUM, Desk, chromium, desk
from tests.portal.test_oidc import free_port, served

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PASSWORD = "아무도 맞히지 못할 긴 문장"
DOCS = Path(__file__).parents[2] / "docs" / "images" / "portal"
RECIPIENT = "age1qdtt9rc9j89kks2dr0k3jgfkqrqa2atz0mdmx2w2vv8fksxsaudqyh4d2l"
SIGNERS = {"board": "3f" * 32, "hospital-01": "71" * 32}
NOW = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


class Clock:
    """Stands, so that two runs give the same pictures; moves by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Board]:
    path = tmp_path_factory.mktemp("browser") / "board.sqlite"
    undo = Settings(undo=timedelta(minutes=10))
    with open_board(f"sqlite:///{path}", settings=undo, clock=clock) as opened:
        seed(opened, TOPICS, volumes={2020: 58, 2021: 389, 2022: 935, 2023: 1_257, 2024: 1_474})
        lay_demo_evidence(opened)
        open_accounts(opened, PASSWORD)
        yield opened


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Into docs/ when NARU_PICTURES=docs says so (`make test-browser`); beside the test otherwise."""
    folder = DOCS if os.environ.get("NARU_PICTURES") == "docs" else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


NewDesk = Callable[[str], Desk]


@pytest.fixture(scope="module")
def at(board: Board, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDesk]:
    """Let a person sit down: a browser that is signed in, by password and, where it is asked for, by a second factor."""
    if not CHROMIUM.is_file():
        pytest.fail("this test needs Chromium: apt-get install -y chromium")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    offers = tuple(
        Offer(
            key,
            {"ko": title, "en": key},
            {"ko": f"{title} 모델을 개발합니다.", "en": key},
            {"person": (), "measurement": ()},
        )
        for key, title in TOPICS.items()
    )
    store = tmp_path_factory.mktemp("store")
    app = create_app(
        PortalSettings("unused", KEY, store, address, offers=offers, limits=False, public_keys=SIGNERS), board
    )
    secrets: dict[str, str] = {}
    with served(app, port), chromium() as browser:

        def sit(person: str) -> Desk:
            made = desk(browser, address, pictures)
            made.sign_in(person, PASSWORD)
            if "/sign-in/enrol" in made.page.url:
                secrets[person] = made.page.input_value("input[name=secret]")
                made.page.fill("#code", pyotp.TOTP(secrets[person]).now())
                made.enter()
            elif "/sign-in/second" in made.page.url:
                account = board.accounts.get(person)
                assert account is not None
                made.page.fill(
                    "#code", pyotp.TOTP(secrets[person]).at(max(account.totp_step + 1, int(time.time() // 30)) * 30)
                )
                made.enter()
            assert "/sign-in" not in made.page.url
            return made

        yield sit


def test_the_six_roles_take_a_case_and_a_release_through_the_board(at: NewDesk, board: Board, clock: Clock) -> None:
    problems: list[str] = []
    # 기업: 연구를 고르고 신청한다.
    startup = at("startup_01")
    startup.go("/catalogue")
    startup.picture("catalogue")
    startup.click(startup.page.locator("a.button", has_text="이용 신청").first)
    startup.page.select_option("#site_id", "hospital-01")
    startup.page.fill("#irb_reference", "IRB-2026-0101")
    startup.page.fill("#expires_on", "2028-12-31")
    startup.picture("application")
    startup.click(startup.page.get_by_role("button", name="저장"))
    startup.see("작성중", "신청서를 저장했습니다")
    startup.act("submit")
    startup.see("접수")
    case = startup.page.url.partition("?")[0].rpartition("/")[2]
    number = board.cases.get("system", case).number

    # 간사: 아침의 업무 목록, 행정검토, 심의 회부.
    secretary = at(cast.SECRETARY)
    secretary.go("/queue")
    secretary.see("업무 목록", "내 차례")
    secretary.page.keyboard.press("j")
    secretary.page.keyboard.press("j")
    assert secretary.page.locator("tr[data-here]").count() == 1
    secretary.picture("queue")
    secretary.page.keyboard.press("/")
    secretary.page.keyboard.type(number)
    secretary.enter()
    secretary.page.keyboard.press("j")
    secretary.enter()
    assert secretary.page.url.endswith(f"/cases/{case}")
    secretary.act("screen")
    secretary.picture("case-screening")
    secretary.act("return", section__purpose="예측 시점과 입력 항목을 구체적으로 적어 주십시오.")
    secretary.see("보완요청", "심의 시계 정지")
    startup.go(f"/cases/{case}")
    startup.act("resubmit", section__purpose="입원 24시간 시점의 활력징후와 검사 결과를 씁니다.")
    secretary.go(f"/cases/{case}")
    secretary.act("screen")
    secretary.act("route", route="FULL")
    secretary.see("심의중")

    # 위원: 표결. 위원장: 결정과 취소.
    for member in cast.MEMBERS[:3]:
        voter = at(member)
        voter.go(f"/cases/{case}")
        if member == cast.MEMBERS[0]:
            voter.picture("vote")
        voter.act("vote", choice="APPROVE", words="목적에 비해 항목이 적절합니다.")
        voter.see("표결했습니다")
        problems += voter.problems
    chair = at(cast.CHAIR)
    chair.go(f"/cases/{case}")
    chair.page.locator("details.shut summary").click()
    chair.see("의결정족수 미달")
    for member in cast.MEMBERS[3:6]:
        board.cases.vote(member, case, "APPROVE")
    chair.go(f"/cases/{case}")
    chair.act("approve", typed=number)
    chair.see("승인", "까지 결정을 취소할 수 있습니다")
    chair.act("undo")
    chair.see("심의중")
    chair.act("approve", typed=number)
    chair.go(f"/cases/{case}/minutes")
    chair.see("데이터심의위원회 회의록", number)
    chair.picture("minutes")

    # 병원: 패키지가 생성되고, 신청자가 반출을 신청한다.
    name = f"deterioration-{case}-1.0.0"[:80]
    _build(board, case, name)
    author = at("author_01")
    author.go("/sites/hospital-01")
    author.see(name)
    author.picture("site")
    author.go(f"/releases/{name}")
    author.act("submit")
    author.see("반출신청")

    # 위원 두 명이 증빙자료를 보고 서로 모르게 검토한다. 간사가 기록한다.
    for place, member in enumerate(cast.MEMBERS[:2]):
        voter = at(member)
        voter.go(f"/releases/{name}/evidence")
        voter.see("반출 증빙자료", "열람은 감사원장에 기록되었습니다")
        if place == 0:
            voter.picture("evidence")
        voter.go(f"/releases/{name}")
        voter.see(*(["비공개"] if place else []))
        voter.act("vote", choice="APPROVE", words="이상 없음")
        problems += voter.problems
    secretary.go(f"/releases/{name}")
    secretary.picture("release")
    secretary.act("approve", typed=number)
    secretary.see("반출승인", "까지 결정을 취소할 수 있습니다")

    # 개인정보보호책임자: 한 사람이 멈출 수 있다.
    officer = at("officer_01")
    officer.go(f"/releases/{name}")
    officer.act("recall", words="재식별 위험을 다시 확인해야 합니다.", typed=number)
    officer.see("회수")
    officer.picture("recalled")

    # 사업 총괄: 수만 본다. 관리자: 두 번째 관리자. 감사자: 원장.
    coordinator = at(cast.COORDINATOR)
    coordinator.see("통계", "1,474", "1,257", "935", "389")
    coordinator.picture("statistics")
    coordinator.go("/sites")
    coordinator.see("병원 43곳")
    admin = at(cast.ADMIN)
    admin.page.fill("#p-name", "새위원")
    admin.page.fill("#p-id", "member_new")
    admin.page.select_option("#p-org", cast.BOARD)
    admin.page.locator("form[action='/people'] input[value=MEMBER]").check()
    admin.click(admin.page.locator("form[action='/people'] button").last)
    admin.see("확인 대기")
    admin.picture("people")
    auditor = at(cast.AUDITOR)
    auditor.go("/audit")
    auditor.click(auditor.page.get_by_role("button", name="감사원장 전체 검증"))
    auditor.see("감사원장이 검증되었습니다")
    auditor.picture("audit")
    for one in (startup, secretary, chair, author, officer, coordinator, admin, auditor):
        problems += one.problems
    assert problems == []


def _build(board: Board, case: str, name: str) -> None:
    from tests.drb.cast import CDM, POLICY, sha

    board.releases.register_built(
        "system",
        name,
        case_id=case,
        manifest_digest=sha(name),
        policy_digest=POLICY,
        cdm_digest=CDM,
        study_id=board.cases.get("system", case).study_id,
        site_id="hospital-01",
        built_by="data_01",
        tables={"cohort": ["subject_id"], "person": ["year_of_birth"], "measurement": ["person_id"]},
        smallest_class=7,
        summary={"people": 2_000, "warnings": []},
        provenance={"vocabulary_version": "v5.0"},
    )
    board.releases.check("system", name, sha(name), passed=True)
    board.evidence.lay(pack(board.releases.get("system", name)))
    assert board.releases.get("system", name).state is ReleaseState.CHECKED


def test_a_startup_registers_its_keys_and_signs_what_it_destroyed(at: NewDesk, board: Board, tmp_path: Path) -> None:
    due = next(one for one in board.grants.list("system") if one.state is GrantState.DESTRUCTION_DUE)
    key = Ed25519PrivateKey.from_private_bytes(b"made up".ljust(32, b"."))  # two runs give the same pictures
    if board.accounts.get(due.person) is None:
        board.accounts.accept(due.person, board.accounts.open("system", due.person), hashed(PASSWORD))
    startup = at(due.person)
    startup.go("/keys")
    startup.see("등록한 키가 없습니다", "naru key new")
    startup.page.fill("#k-age", str(x25519.Identity.generate()))
    startup.page.fill("#k-signing", key.public_key().public_bytes_raw().hex())
    startup.page.fill("#k-typed", due.person)
    startup.enter()
    startup.see("개인키는 어디에도 보내면 안 됩니다")
    startup.page.fill("#k-age", RECIPIENT)
    startup.page.fill("#k-signing", key.public_key().public_bytes_raw().hex())
    startup.page.fill("#k-typed", due.person)
    startup.enter()
    startup.see("키를 등록했습니다", RECIPIENT)
    startup.picture("keys")
    digest = board.releases.get("system", due.release).manifest_digest
    said = statement(due.release, digest, due.person, NOW.date(), 58)
    file = tmp_path / "release.destroyed.json"
    file.write_text(json.dumps({"statement": said, "signature": key.sign(canonical(said).encode()).hex()}))
    startup.go(f"/grants/{due.id}")
    box = startup.page.locator("details.act:has(form[action$='/certify_destruction'])")
    box.locator("[name=signed]").set_input_files(file)
    startup.picture("destruction")
    startup.act("certify_destruction", typed=due.id)
    startup.see("파기확인서를 제출했습니다", "파일 58개를 파기했다고 서명했습니다")
    assert board.events("system", f"grant:{due.id}")[-1].action == "certify_destruction"
    assert ["status of 422" in one for one in startup.problems] == [True]  # the refused form, and nothing else


def test_every_page_has_labels_order_and_contrast_by_keyboard(at: NewDesk) -> None:
    """Every field has a label, every page one h1 and a skip link that shows itself; contrast in the light and in the dark."""
    secretary = at(cast.SECRETARY)
    for path in ("/queue", "/cases", "/cases/demo-2026-0002", "/releases", "/statistics", "/me", "/catalogue"):
        secretary.go(path)
        bare = secretary.page.evaluate(
            """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
                .filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label')).map(e => e.outerHTML)"""
        )
        assert bare == [], path
        assert secretary.page.locator("h1").count() == 1, path
        first = "document.querySelector('a[href], button, input:not([type=hidden]), select, textarea').className"
        assert secretary.page.evaluate(first) == "skip", path
        secretary.page.focus(".skip")
        shown = secretary.page.locator(".skip").bounding_box()
        assert shown is not None
        assert shown["x"] >= 0, path
        for scheme in ("light", "dark"):
            secretary.page.emulate_media(color_scheme=scheme)
            assert secretary.page.evaluate(CONTRAST) == [], (path, scheme)
    assert secretary.problems == []


# The contrast of every text with the ground that is really behind it (WCAG 2.2, 1.4.3): below 4.5 it is told.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const part = (v) => (v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const told = new Set();
  for (const e of document.querySelectorAll('body *')) {
    const words = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!words || !e.offsetParent || e.closest('svg, .sr, option, .skip')) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) told.add(`${e.className} ${e.textContent.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return [...told];
}"""
