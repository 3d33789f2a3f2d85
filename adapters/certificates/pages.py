"""A certificate as Markdown, and as a page of HTML that prints on a few sheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from student_graph.adapters.certificates.certificate import SignedCertificate

_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "h1{margin-bottom:0}table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}"
    "th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top}th{background:#f2f2f2}"
    ".tier{font-size:1.3rem}.failed{font-weight:bold}"
    "@media print{body{margin:0}tr{break-inside:avoid}h2{break-after:avoid}}"
)
_MET = {True: "yes", False: "no", None: "not decided"}


def markdown(signed: SignedCertificate) -> str:
    """The certificate as Markdown."""
    lines = [f"# {_title(signed)}", "", f"**Tier: {signed.certificate.tier}**", ""]
    for heading, header, rows in _tables(signed):
        lines += [f"## {heading}", ""] if heading else []
        lines += [_line(header), "|" + "---|" * len(header), *map(_line, rows), ""]
    return "\n".join(lines)


def html(signed: SignedCertificate) -> str:
    """The certificate as a page of its own, without scripts and without other files."""
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(_title(signed))}</title><style>{_STYLE}</style></head><body>",
        f'<h1>{escape(_title(signed))}</h1><p class="tier">Tier: <strong>{signed.certificate.tier}</strong></p>',
    ]
    for heading, header, rows in _tables(signed):
        parts.append(f"<h2>{escape(heading)}</h2>" if heading else "")
        head = "".join(f"<th>{escape(name)}</th>" for name in header)
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>")
        parts += ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
        parts.append("</tbody></table>")
    return "\n".join(filter(None, [*parts, "</body></html>\n"]))


def _title(signed: SignedCertificate) -> str:
    return f"Certificate of the adapter {signed.certificate.adapter}"


def _tables(signed: SignedCertificate) -> Iterable[tuple[str, Sequence[str], list[Sequence[str]]]]:
    """The tables of a certificate: heading, header and rows."""
    certificate, signature = signed.certificate, signed.signature
    counts = [f"{certificate.count(name)} {name}" for name in ("passed", "failed", "exempt", "inapplicable")]
    yield (
        "",
        ("", ""),
        [
            ("Package", f"{certificate.package} {certificate.version}"),
            ("Contract", str(certificate.contract)),
            ("Issued", certificate.issued.isoformat(timespec="seconds")),
            ("Signed with", signature.key if signature else "not signed"),
            ("Tests", ", ".join(counts) + ("" if certificate.all_cases else "; a sample of the cases")),
            ("Lookups", ", ".join(certificate.capabilities)),
            ("Access paths", ", ".join(certificate.access_paths) or "none"),
        ],
    )
    yield (
        "Tiers",
        ("Tier", "Condition", "Met", "Evidence"),
        [(c.tier, c.name, _MET[c.met], c.evidence) for c in certificate.criteria],
    )
    yield (
        "Tests",
        ("Test", "Outcome", "Cases", "What it proves"),
        [
            (c.name.replace("_", " "), c.outcome + (f": {c.reason}" if c.reason else ""), str(c.cases), c.rule)
            for c in certificate.checks
        ],
    )
    yield (
        "Calls and times, against the sandbox in one process",
        ("Lookup", "Calls for one key", "Calls for more keys", "Milliseconds for one key"),
        [
            (f.lookup, str(f.calls_of_one_key), f"{f.calls_of_keys} for {f.keys}", f"{f.milliseconds:.1f}")
            for f in certificate.figures
        ],
    )


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
