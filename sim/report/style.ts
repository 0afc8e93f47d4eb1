/** How a report looks: light and dark, wide and narrow, without anything from outside the page. */

export const style = `
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1c2126;--soft:#5b6670;--edge:#e1e4e6;--grid:#eceeef;
--c1:#1f6fb2;--c2:#c8452f;--c3:#4d8a3c;--good:#2c7a3f;--bad:#b3261e;--mesh:#1f6fb2;--link:#9aa7b1}
@media(prefers-color-scheme:dark){:root{--page:#14181b;--card:#1c2226;--ink:#e6eaed;--soft:#9aa6af;--edge:#2d353b;--grid:#273036;
--c1:#63aee8;--c2:#ef8370;--c3:#87c275;--good:#7ac78b;--bad:#ff8a80;--mesh:#63aee8;--link:#56626b}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 18px 60px}
h1{font-size:24px;margin:0 0 2px}h2{font-size:18px;margin:36px 0 10px}h3{font-size:15px;margin:0}
p{margin:0}.soft{color:var(--soft)}
.verdict{display:inline-block;margin:12px 0;padding:5px 12px;border-radius:6px;font-weight:600;border:1px solid currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}
pre,code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:10px 12px;overflow-x:auto;margin:8px 0}
pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:10px;margin:12px 0}
dl div{background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:8px 12px}
dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:19px;font-weight:600;overflow-wrap:anywhere}
dd.small{font-size:14px;font-weight:400}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:16px}
figure{margin:0;background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:14px}
figcaption p{color:var(--soft);font-size:13px}
.none{color:var(--soft);padding:30px 0;text-align:center}
svg{display:block;width:100%;height:auto;margin-top:8px}
svg text{font-size:11.5px;fill:var(--soft)}svg .name{fill:var(--soft)}svg .word{fill:var(--ink)}
.grid{stroke:var(--grid)}.axis,.tick{stroke:var(--soft)}.mark{stroke:var(--soft);stroke-dasharray:3 3}
.now{stroke:var(--ink);stroke-opacity:.45}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.band{fill-opacity:.16;stroke:none}
.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}.line.c3{stroke:var(--c3)}.line.c4{stroke:var(--soft)}
.band.c1,.dot.c1{fill:var(--c1)}.band.c2,.dot.c2{fill:var(--c2)}.band.c3,.dot.c3{fill:var(--c3)}.bar{fill:var(--c1)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0 0;padding:0;font-size:13px}
.legend li::before{content:"";display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;background:var(--soft)}
.legend .c1::before{background:var(--c1)}.legend .c2::before{background:var(--c2)}.legend .c3::before{background:var(--c3)}.legend .c4::before{background:var(--soft)}
.legend .off::before{background:none;border:2px solid var(--soft)}
.graph svg{max-width:760px;margin:8px auto 0}
.graph text{paint-order:stroke;stroke:var(--card);stroke-width:3px;fill:var(--ink)}
.graph .mesh,.graph .links{fill:none}.graph .mesh{stroke:var(--mesh);stroke-opacity:.5}.graph .links{stroke:var(--link);stroke-opacity:.35}
.graph circle{fill:var(--c1);stroke:var(--card);stroke-width:1.5}.graph circle.hostile{fill:var(--c2)}
.graph circle.off{fill:var(--card);stroke:var(--soft);stroke-width:2}
.scrub{display:flex;gap:12px;align-items:center;margin-top:10px}.scrub input{flex:1;min-width:0;accent-color:var(--c1)}
button{font:inherit;color:inherit;background:var(--page);border:1px solid var(--edge);border-radius:6px;padding:6px 14px;min-width:76px;cursor:pointer}
output{min-width:86px;text-align:right;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;border:1px solid var(--edge);border-radius:8px;background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:6px 10px;border-top:1px solid var(--edge);vertical-align:top}
thead th{border-top:0;color:var(--soft);font-weight:500;white-space:nowrap}
td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}th.n{text-align:right}
td.message{min-width:240px;overflow-wrap:anywhere}
/* Pictures shrink with the page; what is written in them must not. */
@media(max-width:560px){main{padding:16px 12px 40px}figure{padding:10px}svg text{font-size:16px}.graph text{font-size:20px}dd{font-size:17px}}
`
