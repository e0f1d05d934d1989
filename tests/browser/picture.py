#!/usr/bin/python3
"""picture.py REPORT.html PICTURE.png: the top of an HTML report, as it stands in the README."""
import base64
import os
import shutil
import sys
import tempfile

import browser

WIDTH, HEIGHT, SCALE = 1040, 1000, 1.5


def main(report, picture):
    profile = tempfile.mkdtemp(prefix="posttls-audit-browser.")
    view = browser.Browser(profile)
    try:
        view.show_as(width=WIDTH, height=HEIGHT)
        view.cdp("Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=SCALE, mobile=False)
        view.open(os.path.abspath(report))
        shot = view.cdp("Page.captureScreenshot", format="png",
                        clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1})
        with open(picture, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
    finally:
        view.quit()
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
