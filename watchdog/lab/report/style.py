"""How the page looks: light, dark, and on paper. Colours have names; the pictures use the same ones."""

LIGHT = (
    "--ink:#1b1f24;--soft:#59636e;--paper:#fff;--faint:#d9dee3;--fill:#f3f5f7;--ours:#1f5fbf;--rival:#8a95a1;"
    "--wrong:#b8500a;--yes:#1a7340;--no:#b3261e;--barely:#8a5a00;--band:#dfe9f7"
)
DARK = (
    "--ink:#e6e9ec;--soft:#a3adb8;--paper:#14181d;--faint:#343b44;--fill:#1d232a;--ours:#7db1ff;--rival:#7a8591;"
    "--wrong:#ff9a57;--yes:#5bcf8c;--no:#ff8a80;--barely:#e8b04b;--band:#22324a"
)
STYLE = f"""
:root{{color-scheme:light dark;{LIGHT}}}
@media screen and (prefers-color-scheme:dark){{:root{{{DARK}}}}}
body{{margin:0 auto;max-width:1120px;padding:24px 20px 60px;
font:16px/1.5 system-ui,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;
color:var(--ink);background:var(--paper)}}
h1{{font-size:30px;line-height:1.2;margin:0 0 6px}} h2{{font-size:21px;margin:44px 0 8px}}
p,ul{{max-width:78ch;margin:8px 0}} .lead{{font-size:19px;font-weight:600}} .soft{{color:var(--soft)}}
.wide{{overflow-x:auto;margin:12px 0}} .wide svg{{display:block;width:100%;min-width:900px;height:auto}}
.wide table{{min-width:820px}}
table{{border-collapse:collapse;font-size:14px;line-height:1.4;width:100%;font-variant-numeric:tabular-nums}}
th,td{{text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--faint)}}
th{{color:var(--soft);font-weight:600}}
code,pre{{font:13px/1.45 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}}
td code{{overflow-wrap:anywhere}}
td.tight,td.tight code{{white-space:nowrap}} pre{{background:var(--fill);padding:12px;overflow-x:auto}}
tr.yes td:last-child{{color:var(--yes);font-weight:600}} tr.no td:last-child{{color:var(--no);font-weight:600}}
tr.barely td:last-child{{color:var(--barely);font-weight:600}} tr.unknown td:last-child{{color:var(--soft)}}
tr.ours td{{font-weight:600}} summary{{cursor:pointer;color:var(--soft);font-size:14px;margin:8px 0}}
svg text{{font:13px system-ui,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;fill:var(--ink)}}
svg .head,svg .soft{{fill:var(--soft)}} svg .head,svg .strong{{font-weight:600}} svg .fact{{font-size:15px}}
svg line{{stroke-width:1}} svg .grid,svg .faint{{stroke:var(--faint)}} svg .faint{{stroke-opacity:.6}}
svg circle.ours{{fill:var(--ours);fill-opacity:.7}} svg .miss{{stroke:var(--wrong);stroke-width:1.8;fill:none}}
svg .bound{{stroke:var(--ink);stroke-width:1.6}} svg .never{{stroke:var(--wrong)}}
svg .bar.ours{{fill:var(--ours)}} svg .bar.rival{{fill:var(--rival)}} svg .empty{{fill:var(--fill)}}
svg .cell.right{{fill:var(--ours)}} svg .cell.wrong{{fill:var(--wrong)}} svg .on{{fill:var(--paper);font-weight:600}}
svg .frame{{fill:none;stroke:var(--ink);stroke-width:1.6}} svg .band{{fill:var(--band)}}
svg .whisker{{stroke:var(--ours);stroke-width:1.6}} svg circle.mark{{fill-opacity:.9}}
@media print{{body{{max-width:none;padding:0;font-size:12px}} table{{font-size:10px}} code{{font-size:9px}}
.wide{{overflow:visible}} .wide svg,.wide table{{min-width:0}} h2{{break-after:avoid}} svg,tr{{break-inside:avoid}}
*{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}}}
"""
