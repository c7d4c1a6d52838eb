/** The style sheet of reports. Blue and orange are distinguishable for colour-blind people (Okabe and Ito 2008). */

import { type Html, html } from './html.js';

export const styles: Html = html`
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --faint: #57606a; --line: #d0d7de; --soft: #f3f5f7;
  --first: #0072b2; --second: #b35c00; --good: #00664b; --bad: #a8330a; --mark: #1b1f24; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --text: #e6e9ec; --faint: #a3adb8; --line: #3a424b;
  --soft: #1f242a; --first: #56b4e9; --second: #e69f00; --good: #3ccf9f; --bad: #ff8f66; --mark: #fff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); font-size: 1.25rem; }
h3 { margin: 1.2rem 0 .3rem; font-size: 1.02rem; }
h4 { margin: 0 0 .2rem; font-size: .9rem; font-weight: 600; color: var(--faint); }
p { margin: .4rem 0; }
a { color: var(--first); }
.sub { color: var(--faint); }
.end { display: inline-block; padding: 0 .6em; border: 1.5px solid currentColor; border-radius: 1em; font-weight: 600; }
.end.good { color: var(--good); }
.end.bad { color: var(--bad); border-style: double; border-width: 3px; }
.end.open { color: var(--first); border-style: dashed; }
.warning { padding: .4rem .8rem; border-left: 4px solid var(--bad); background: var(--soft); }
.note, .below, .top, caption, .legend { color: var(--faint); font-size: .85rem; }
nav { margin-top: .8rem; font-size: .9rem; line-height: 1.9; }
nav a { margin-right: .7em; white-space: nowrap; }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.tiles li { flex: 1 1 8.5rem; padding: .5rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--soft); }
.tiles b { display: block; font-size: 1.3rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--faint); font-size: .85rem; }
dl { margin: 0; }
dl div { display: flex; gap: 1rem; padding: .15rem 0; }
dt { flex: 0 0 8.5rem; color: var(--faint); }
dd { margin: 0; min-width: 0; }
.wide { overflow-x: auto; margin: .6rem 0 1.2rem; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { padding-bottom: .3rem; text-align: left; }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; }
tbody th { font-weight: 500; }
td, tbody th { max-width: 28rem; overflow-wrap: break-word; }
.r { text-align: right; white-space: nowrap; }
.r + :not(.r) { padding-left: .6rem; }
svg { display: block; }
.chart { margin: .2rem 0 .6rem; }
.plot { width: 100%; height: 8rem; border-bottom: 1px solid var(--faint); background: var(--soft); }
.plot.low { height: 2.2rem; }
.plot path { fill: var(--first); }
.plot.second path { fill: var(--second); }
.plot line, .legend line { stroke: var(--mark); stroke-width: 2; vector-effect: non-scaling-stroke; }
line.dashed { stroke-dasharray: 7 4; }
line.dotted { stroke-dasharray: 2 4; }
.below { display: flex; justify-content: space-between; gap: .8rem; }
.below span:last-child { text-align: right; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: .4rem 2rem; }
.legend span { margin-right: 1em; white-space: nowrap; }
.legend svg { display: inline-block; width: 1.6em; height: .8em; margin-right: .4em; }
.bar { width: 100%; min-width: 6rem; height: .9rem; margin-top: .3rem; }
.bar .all { fill: var(--soft); }
.bar .part { fill: var(--faint); }
.bar.good .part { fill: var(--first); }
.bar.bad .part { fill: var(--second); }
.rules { padding-left: 1.8rem; }
code, pre { font: .88em/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--soft); overflow-wrap: normal; }
@media (max-width: 30rem) { body { padding: .7rem; } dl div { display: block; } .below { font-size: .75rem; }
  .below span:nth-child(2):not(:last-child) { white-space: nowrap; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; } .wide { overflow: visible; }
  pre { white-space: pre-wrap; } section, .chart, li, tr { break-inside: auto; } .chart, tr, .pair > div { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; } svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
