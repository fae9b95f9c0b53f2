"""Opens the server's page in Chromium, drops a picture on it and looks at what is drawn: page.py URL PICTURE SCREENSHOT [MODEL]."""
import base64
import pathlib
import re
import shutil
import sys

from playwright.sync_api import sync_playwright

url, picture, screenshot = sys.argv[1:4]
data = base64.b64encode(pathlib.Path(picture).read_bytes()).decode()
with sync_playwright() as play:
    browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((url, "blob:", "data:")) else problems.append("asked " + request.url))
    page.goto(url)
    # By selectors: the page's policy forbids what waits for expressions.
    page.wait_for_selector("#model option", state="attached")
    if len(sys.argv) > 4:
        page.select_option("#model", sys.argv[4])
    # As a person drops a file: an event with a DataTransfer that holds it.
    transfer = page.evaluate_handle(
        """data => { const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0)); const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "picture.jpg", {type: "image/jpeg"})); return transfer; }""", data)
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    page.locator("#status").filter(has_text=re.compile(r" ms$")).or_(page.locator("#status.bad")).wait_for(timeout=60_000)
    # The keyboard reaches everything that the mouse does.
    page.keyboard.press("Tab")
    focus = [page.evaluate("document.activeElement.id || document.activeElement.tagName")]
    for _ in range(5):
        page.keyboard.press("Tab")
        focus.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    page.screenshot(path=screenshot)
    print("status:", page.text_content("#status"))
    print("results:", page.evaluate("[...document.querySelectorAll('#results li')].map(item => item.innerText.replace(/\\n/g, ' ')).slice(0, 5)"))
    print("focus:", focus)
    print("problems:", problems)
    failed = bool(problems) or page.evaluate("document.getElementById('status').classList.contains('bad')") or "drop" not in focus
    browser.close()
sys.exit(1 if failed else 0)
