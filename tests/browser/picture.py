#!/usr/bin/python3
"""picture.py REPORT.html PICTURE.png [SELECTOR]: the top of an HTML report, or an element of it, as it stands in the README."""
import base64
import os
import shutil
import sys
import tempfile

import browser

WIDTH, HEIGHT, SCALE = 1040, 1000, 1.5
MARGIN = 16


def clip_of(view, selector):
    if selector is None:
        return {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1}
    box = view.run("const box = document.querySelector(arguments[0]).getBoundingClientRect();"
                   "return [box.x, box.y + scrollY, box.width, box.height]", selector)
    return dict(zip(("x", "y", "width", "height"), (box[0] - MARGIN, box[1] - MARGIN, box[2] + 2 * MARGIN, box[3] + 2 * MARGIN)),
                scale=1)


def main(report, picture, selector=None):
    profile = tempfile.mkdtemp(prefix="posttls-audit-browser.")
    view = browser.Browser(profile)
    try:
        view.show_as(width=WIDTH, height=HEIGHT)
        view.cdp("Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=SCALE, mobile=False)
        view.open(os.path.abspath(report))
        shot = view.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip_of(view, selector))
        with open(picture, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
    finally:
        view.quit()
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
