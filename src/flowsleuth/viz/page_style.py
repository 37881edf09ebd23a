"""How the HTML page looks, on screen and on paper."""

from flowsleuth.viz.canvas import ACCENT, LINE, MUTED, TEXT
from flowsleuth.viz.svg import FONT

STYLE = (
    f":root{{--text:{TEXT};--muted:{MUTED};--line:{LINE};--accent:{ACCENT};color-scheme:light}}"
    f"*{{box-sizing:border-box}}body{{margin:0;background:#eef1f4;color:var(--text);font:15px/1.55 {FONT}}}"
    """
main{max-width:1080px;margin:28px auto;background:#fff;border:1px solid var(--line);border-radius:10px;overflow:hidden}
header{padding:34px 56px 24px;border-top:6px solid var(--accent)}
.kind{margin:0;color:var(--accent);font-size:12px;font-weight:700;letter-spacing:.12em;text-transform:uppercase}
h1{margin:4px 0 8px;font-size:31px;line-height:1.2;letter-spacing:-.012em;overflow-wrap:anywhere}
h2{margin:0 0 6px;font-size:19px;letter-spacing:-.005em}
h3{margin:18px 0 4px;font-size:15px}
.meta{margin:0;color:var(--muted)}
.target{font-weight:700;color:var(--text);font-variant-numeric:tabular-nums}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));margin:0;padding:0;list-style:none;
 border:solid var(--line);border-width:1px 0;background:#f7f9fa}
.tiles li{padding:16px 18px;border-right:1px solid var(--line);margin-right:-1px}
.tiles strong{display:block;font-size:23px;line-height:1.15;font-variant-numeric:tabular-nums;white-space:nowrap}
.tiles span{font-weight:600;font-size:13px}
.tiles small{display:block;color:var(--muted);font-size:12px;line-height:1.35;overflow-wrap:anywhere}
section,details,footer{padding:26px 56px;border-top:1px solid var(--line)}
.tiles+section{border-top:0}
.briefing{display:grid;grid-template-columns:3fr 2fr;gap:40px}
.briefing p{margin:.3em 0 .8em;overflow-wrap:anywhere}
.briefing div p{font-size:16px}
aside ul{margin:.3em 0;padding-left:1.1em}
aside li{margin:.35em 0;overflow-wrap:anywhere}
.lead,.note,.absent{color:var(--muted);margin:.2em 0 .8em}
.note{font-size:13px;margin:.6em 0 0}
.absent{font-style:italic}
figure{margin:0}
figure svg{display:block;width:100%;height:auto}
.evidence{padding:26px 56px 10px;border-top:1px solid var(--line);margin:0}
details{padding:12px 56px}
section+section h3{margin:0}
summary{cursor:pointer;font-weight:600;font-size:15px;padding:2px 0}
summary small{color:var(--muted);font-weight:400;margin-left:6px}
.wide{overflow-x:auto;margin-top:8px}
table{border-collapse:collapse;width:100%;font-size:12.5px;line-height:1.35}
th{padding:6px 10px 6px 0;border-bottom:1.5px solid var(--text);text-align:left;font-weight:600;vertical-align:bottom}
td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th.n,td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.a{font-weight:600;font-variant-numeric:tabular-nums}
td.s{white-space:nowrap}
td.l{min-width:15em}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:0}
.facts dt{color:var(--muted)}
.facts dd{margin:0;overflow-wrap:anywhere}
footer{color:var(--muted);font-size:12.5px;background:#f7f9fa}
footer h2{font-size:14px;color:var(--text)}
footer ul{margin:0;padding-left:1.1em;overflow-wrap:anywhere}
@media (max-width:760px){header,section,details,footer,.evidence{padding-left:20px;padding-right:20px}
 .briefing{grid-template-columns:1fr;gap:8px}}
@media print{@page{size:A4;margin:14mm 12mm}
 body{background:#fff;font-size:10.5pt}main{margin:0;border:0;border-radius:0;max-width:none}
 header,section,details,footer,.evidence{padding-left:0;padding-right:0}
 .tiles{grid-template-columns:repeat(6,1fr)}.tiles li{padding:8px 10px}.tiles strong{font-size:15pt}
 .figure,.briefing,tr{break-inside:avoid}h2,h3,summary{break-after:avoid}
 thead{display:table-header-group}details{border:0}.wide{overflow:visible}table{font-size:8pt}
 *{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
)

IN_CELL = f"""
.flowsleuth-result .wide{{overflow-x:auto}}
.flowsleuth-result th,.flowsleuth-result td{{text-align:left!important;vertical-align:top!important}}
.flowsleuth-result th.n,.flowsleuth-result td.n{{text-align:right!important;white-space:nowrap}}
.flowsleuth-result td.s{{white-space:nowrap}}
.flowsleuth-result td.l{{min-width:32em;overflow-wrap:anywhere}}
.flowsleuth-result .facts{{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px}}
.flowsleuth-result figure{{margin:0}}
.flowsleuth-result .note,.flowsleuth-result .absent{{color:{MUTED}}}
"""
"""How the same sections look in a notebook's cell, whose own rules centre and squeeze tables."""
