"""The six roles' story in a real browser, in Korean; each step leaves a picture for the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
# The flags without background networking: Chromium shall talk to our server and to nobody else.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--lang=ko-KR",
)
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


@dataclass
class Desk:
    """One person at a browser. problems: what the browser complained of."""

    page: Page
    address: str
    pictures: Path
    problems: list[str]

    def go(self, path: str) -> None:
        """Open a page of the portal."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is None or answer.status < 500, path

    def sign_in(self, person: str, password: str) -> None:
        """By the form, as people do."""
        self.go("/sign-in")
        self.page.fill("#person", person)
        self.page.fill("#password", password)
        self.enter()

    def enter(self) -> None:
        """Press Enter, and wait for the page that comes."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def click(self, what: Locator) -> None:
        """Click, and wait for the page that comes."""
        with self.page.expect_navigation():
            what.click()

    def act(self, action: str, **fields: str) -> None:
        """Open an action of the page, fill it in, send it."""
        box = self.page.locator(f"details.act:has(form[action$='/{action}'])")
        if box.get_attribute("open") is None:
            box.locator("summary").click()
        for name, value in fields.items():
            field = box.locator(f"[name='{name.replace('__', '.')}']")
            if field.first.get_attribute("type") in {"radio", "checkbox"}:
                box.locator(f"[name='{name}'][value='{value}']").check()
            else:
                field.fill(value)
        self.click(box.locator("form button"))

    def see(self, *words: str) -> None:
        """The page says so."""
        text = self.page.inner_text("body")
        for one in words:
            assert one in text, f"{one!r} is not on {self.page.url}:\n{text[:1500]}"

    def picture(self, name: str) -> None:
        """Keep what is seen at 1280 pixels, and see that nothing is wider than a phone."""
        self.page.set_viewport_size(WIDE)
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.screenshot(path=self.pictures / f"{name}.png", animations="disabled")
        self.page.set_viewport_size(NARROW)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], name
        self.page.set_viewport_size(WIDE)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a screen."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()


def desk(browser: Browser, address: str, pictures: Path) -> Desk:
    """A fresh browser window in Korean."""
    context = browser.new_context(viewport=WIDE, locale="ko-KR", color_scheme="light", timezone_id="Asia/Seoul")  # type: ignore[arg-type]
    context.set_default_timeout(180_000)  # verifying a whole ledger takes its time on a machine that others use
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else problems.append(sent.url))
    return Desk(page, address, pictures, problems)
