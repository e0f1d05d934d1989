"""A Chromium of our own, without a screen and without a network, driven through its WebDriver."""
import json
import os
import shutil
import subprocess

ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
             "--force-color-profile=srgb", "--hide-scrollbars", "--window-size=1280,900",
             # whatever a page asks for by name ends nowhere
             "--host-resolver-rules=MAP * ~NOTFOUND")


def missing():
    """What the tests cannot be run without, in words; None when all is there."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "python3-selenium is not installed"
    return None


def axe(directory, source):
    """The text of axe-core, had from npm by the lock file beside this module; None when it cannot be had."""
    script = os.path.join(directory, "node_modules", "axe-core", "axe.min.js")
    if not os.path.exists(script) and shutil.which("npm"):
        os.makedirs(directory, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(os.path.join(source, name), os.path.join(directory, name))
        try:
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", directory],
                           timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=False)
        except subprocess.TimeoutExpired:
            pass
    if not os.path.exists(script):
        return None
    with open(script, encoding="utf-8") as file:
        return file.read()


class Browser:
    def __init__(self, profile):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_page_load_timeout(30)
        self.driver.set_script_timeout(30)

    def quit(self):
        self.driver.quit()

    def open(self, path, fragment=""):
        self.driver.get("about:blank")
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.driver.get(f"file://{path}{fragment}")

    def complaints(self):
        """What the console says since the page was opened: violations of its policy, script errors."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """What was asked for since the page was opened."""
        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        return urls

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def show_as(self, width=1280, height=900, scheme="light", media=""):
        self.cdp("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def one(self, selector):
        return self.driver.find_element("css selector", selector)

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains
        ActionChains(self.driver).send_keys(*keys).perform()

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)

    def violations(self, axe_text):
        """What axe-core finds against WCAG 2.2 A and AA, or against its own best practice."""
        self.run(axe_text)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done)")
        return [f"{v['id']}: {v['help']}: {node['target']} {node['html'][:120]}"
                for v in found["violations"] for node in v["nodes"][:3]]
