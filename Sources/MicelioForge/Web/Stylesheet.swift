import HifCore

/// The only stylesheet: tokens, base, frame, then components in reading order. Every colour is one
/// `light-dark()` pair; a visitor's choice sets `data-theme` on `<html>`.
enum Stylesheet {
    /// Where it lies. The name changes with the content.
    static let address = "/static/forge-\(Blake3.hash(Array(text.utf8)).hex.prefix(12)).css"

    static let text = #"""
        :root {
          color-scheme: light dark;

          /* ground and ink */
          --bg: light-dark(#ffffff, #101412);
          --sunk: light-dark(#f3f5f4, #181d1b);
          --line: light-dark(#d6dcd9, #2c3531);
          --edge: light-dark(#78837d, #75827b);
          --ink: light-dark(#17201c, #e2e9e5);
          --soft: light-dark(#525e58, #9fada6);

          /* meaning: blue acts, plum is why, green is in, red is out, amber waits */
          --link: light-dark(#0a5296, #82bcf5);
          --on-link: light-dark(#ffffff, #0b1a28);
          --why: light-dark(#7a2a8c, #dfa8ec);
          --why-bg: light-dark(#f9f0fb, #261a2b);
          --good: light-dark(#0f6130, #74d394);
          --good-bg: light-dark(#e6f6ea, #10291a);
          --good-hi: light-dark(#b4e6c1, #1a4a2e);
          --bad: light-dark(#a01428, #ff9ea6);
          --bad-bg: light-dark(#fdedee, #331619);
          --bad-hi: light-dark(#f9c6ca, #6b252d);
          --warn: light-dark(#7a4a00, #eaba66);
          --warn-bg: light-dark(#fff3d6, #2e230d);

          /* syntax */
          --k: light-dark(#7c1f63, #f0a3d6);
          --s: light-dark(#0c5361, #8ed3e0);
          --c: light-dark(#535d58, #a6b2ac);
          --n: light-dark(#7d3b00, #f2b880);
          --f: light-dark(#084d92, #93c4f7);

          /* activity, none to most */
          --h0: light-dark(#e9edeb, #1e2522);
          --h1: light-dark(#b5dcc2, #1c4a30);
          --h2: light-dark(#73b98c, #2b7449);
          --h3: light-dark(#3a8c5a, #45a56c);
          --h4: light-dark(#0f6130, #84dda2);

          /* space */
          --s1: .25rem; --s2: .5rem; --s3: .75rem; --s4: 1rem; --s5: 1.5rem; --s6: 2.5rem;

          /* type */
          --sans: system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
          --mono: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
          --t0: .75rem; --t1: .8125rem; --t2: .875rem; --t3: 1rem; --t4: 1.1875rem; --t5: 1.625rem;
        }
        [data-theme=light] { color-scheme: light; }
        [data-theme=dark] { color-scheme: dark; }

        /* base */
        *, ::before, ::after {box-sizing:border-box}
        html {scroll-padding-top:3.5rem; -webkit-text-size-adjust:100%}
        body {margin:0; background:var(--bg); color:var(--ink); font:var(--t2)/1.55 var(--sans); overflow-wrap:break-word}
        h1, h2, h3, h4 {margin:0; line-height:1.3; font-weight:650; text-wrap:balance}
        h1 {font-size:var(--t5); letter-spacing:-.012em}
        h2 {font-size:var(--t4)}
        h3, .h3, .big {font-size:var(--t3)}
        h1 + p, h2 + p {margin-top:var(--s2)}
        p, ul, ol, dl, pre, table {margin:0 0 var(--s3)}
        :is(p, ul, ol, dl, pre, table):last-child {margin-bottom:0}
        dd {margin:0}
        a {color:var(--link); text-underline-offset:.18em}
        :where(.top, .tabs, .foot, .side, .thread, .code th) a, .pos, .why, .who {color:inherit}
        :where(.top, .tabs, .side, .thread, .list tbody, .code th) a, .pos, .why, .who, .button {text-decoration:none}
        a:hover, summary:hover {text-decoration:underline 2px}
        code, pre, .pos, .mono {font-family:var(--mono); font-size:var(--t1)}
        :not(pre) > code {padding:.1em .3em; background:var(--sunk); border-radius:3px}
        pre {padding:var(--s3); background:var(--sunk); border-radius:4px; overflow-x:auto; line-height:1.6; tab-size:4}
        table {border-collapse:collapse}
        th {text-align:start; font-weight:inherit}
        ins, del {text-decoration:none}
        hr {border:0; border-top:1px solid var(--line)}
        svg {display:block}
        time, .num {font-variant-numeric:tabular-nums}
        summary {cursor:pointer; min-height:1.5rem}
        :focus-visible {outline:2px solid var(--link); outline-offset:2px; border-radius:2px}
        .vh:not(:focus-within) {position:absolute; width:1px; height:1px; overflow:hidden; clip-path:inset(50%)}
        [hidden] {display:none !important}
        .soft, dt {color:var(--soft)}
        .big {font-weight:600}
        .gap {margin-top:var(--s5)}
        .pad {padding:var(--s3) var(--s4)}
        .push {margin-inline-start:auto}
        .grow {flex:1 1 20rem}
        .bare, .talk, .items, .line, .crumbs ol {list-style:none; padding:0}
        .nowrap, .pos, .tag, .new, .state, .who, .vh, .me, .tabs a {white-space:nowrap}
        .box, .file, .decision, .tool {border:1px solid var(--line); border-radius:4px}
        .row, .sect, .notice, .by, .foot, .bar, :is(.box, .file, .decision) > header {display:flex; flex-wrap:wrap; align-items:center; gap:var(--s1) var(--s3)}
        :is(.row, .sect, .notice) > * {margin-block:0}

        /* small signs, always with a word in them */
        .pos {font-weight:600}
        a.pos {color:var(--link)}
        h1 .pos {font-size:.8em}
        .tag {padding:.1em .45em; border:1px solid var(--edge); border-radius:3px; font-size:var(--t0); color:var(--soft)}
        .why {display:inline-block; min-width:1.5rem; padding:0 .35em; border-radius:3px; background:var(--why-bg); color:var(--why); font:600 var(--t0)/1.5rem var(--mono); text-align:center}
        .new {padding:0 .4em; border-radius:3px; background:var(--link); color:var(--on-link); font-size:var(--t0); font-weight:600; line-height:1.5}
        .plus, .minus {font:600 var(--t1) var(--mono)}
        .plus, .good {color:var(--good)}
        .minus, .bad, .danger {color:var(--bad)}
        .warn {color:var(--warn)}
        .open {color:var(--link)}
        .state {display:inline-flex; align-items:center; gap:.4em; font-weight:600; font-size:var(--t1)}
        .state.live {color:var(--good)}
        .state::before {content:""; width:.7em; height:.7em; border:2px solid currentColor; border-radius:50%}
        .state:is(.good, .bad)::before {background:currentColor}
        .state:is(.bad, .warn)::before {border-radius:0}
        .state.warn::before {transform:rotate(45deg) scale(.85)}
        .av {width:1.5rem; height:1.5rem; padding:3px; border-radius:50%; background:var(--sunk); border:1px solid var(--line); color:var(--soft)}
        img.av {padding:0; object-fit:cover}
        .av.agent {border-radius:3px; background:var(--why-bg); color:var(--why)}
        .who {display:inline-flex; align-items:center; gap:.45em; font-weight:600}

        /* buttons and fields */
        button, .button {display:inline-flex; align-items:center; justify-content:center; gap:.4em; min-height:2rem; padding:0 .8em; border:1px solid var(--edge); border-radius:4px; background:var(--bg); color:var(--ink); font:600 var(--t1)/1.3 var(--sans); cursor:pointer}
        :is(button, .button):hover {background:var(--sunk)}
        :is(button, .button).danger {color:var(--bad)}
        .primary, .primary:hover {background:var(--link); border-color:var(--link); color:var(--on-link)}
        .button[aria-current] {background:var(--ink); border-color:var(--ink); color:var(--bg)}
        .quiet {border-color:transparent; background:none; font-weight:400; color:var(--soft)}
        [aria-pressed=true] {color:var(--ink); font-weight:600; border-color:currentColor}
        .decision [aria-pressed=true]::before {content:"✓"}
        [aria-disabled=true], [aria-disabled=true]:hover {border:1px dashed var(--edge); background:var(--sunk); color:var(--soft); cursor:not-allowed}
        input, select, textarea {width:100%; min-height:2rem; padding:.3em .6em; border:1px solid var(--edge); border-radius:4px; background:var(--bg); color:inherit; font:inherit}
        input.mono {font:var(--t1) var(--mono); text-overflow:ellipsis}
        [readonly] {background:var(--sunk)}
        textarea {min-height:5rem; resize:vertical}
        input:is([type=checkbox], [type=radio]) {width:1rem; min-height:1rem; margin:.2rem 0 0; accent-color:var(--link); flex:none}
        ::placeholder {color:var(--soft); opacity:1}
        label, legend {font-weight:600; font-size:var(--t1)}
        fieldset {margin:0 0 var(--s4); padding:0; border:0}
        legend {padding:0}
        .field {margin-bottom:var(--s4)}
        .form {max-width:32rem}
        .full {width:100%}
        .at-in, .reply {width:8rem}
        .reply, .cmd {flex:1 1 14rem; max-width:30rem}
        .hint {margin:var(--s1) 0 0; color:var(--soft); font-size:var(--t1)}
        .check > input {align-self:flex-start}
        .steps > li + li {margin-top:var(--s5)}
        .key {user-select:all}
        .check {display:flex; gap:var(--s2); padding:.15rem 0; font-weight:400; font-size:var(--t2)}

        /* frame */
        .skip {position:absolute; left:-99rem}
        .skip:focus {left:0; z-index:9; padding:var(--s3); background:var(--bg)}
        .top, .tabs, main, .foot {padding-inline:max(var(--s4), calc(50% - 39rem))}
        .top, .brand, .me {display:flex; align-items:center; gap:var(--s4)}
        .top {min-height:3rem; background:var(--sunk); box-shadow:inset 0 -1px var(--line)}
        :is(.top, .foot) a {padding-block:.2rem}
        .me {margin-inline-start:auto}
        .brand {gap:.45em; font-weight:700}
        .brand svg {width:1.375rem; fill:none; stroke:var(--why); stroke-width:1.6}
        .brand circle {fill:var(--why); stroke:none}
        .crumbs ol {display:flex; font-size:var(--t3)}
        .crumbs li + li::before {content:"/"; margin:0 .4em; color:var(--soft)}
        .crumbs li:last-child {font-weight:650}
        .find {flex:0 9 20rem; min-width:6rem; margin-inline-start:auto}
        .tabs {display:flex; gap:var(--s5); overflow-x:auto; margin-top:-1px; background:var(--sunk); border-bottom:1px solid var(--line)}
        .tabs a {padding:.4rem 0 .5rem; border-bottom:2px solid transparent}
        .tabs [aria-current], .side [aria-current] {font-weight:600; border-color:var(--ink)}
        main {padding-block:var(--s5) var(--s6)}
        .foot {padding-block:var(--s3); border-top:1px solid var(--line); color:var(--soft); font-size:var(--t1)}
        .foot form {display:flex; align-items:center; gap:var(--s1); margin-inline-start:auto}
        .foot button {min-height:1.5rem; padding:0 .5em}
        .head {margin-bottom:var(--s5)}
        .head p:not(.row), .goal > p:not(.row) {max-width:46rem}
        .lede {font-size:var(--t4); line-height:1.4}
        .path {font:600 var(--t4) var(--mono); overflow-wrap:anywhere}
        .two, .session, .with-side, .profile {display:grid; grid-template-columns:12rem minmax(0, 1fr); gap:var(--s6); align-items:start}
        .two {grid-template-columns:minmax(0, 1fr) 20rem}
        .profile {grid-template-columns:15rem minmax(0, 1fr)}
        .side a {display:block; padding:.2rem 0 .2rem var(--s3); border-inline-start:3px solid var(--line)}
        .stack > * + * {margin-top:var(--s6)}
        .sect {align-items:baseline; margin-bottom:var(--s3); padding-bottom:var(--s1); border-bottom:1px solid var(--line)}
        .sect > :not(h1, h2, h3) {font-size:var(--t1); color:var(--soft)}
        .bar, :is(.box, .file) > header {padding:var(--s2) var(--s3); background:var(--sunk); border-bottom:1px solid var(--line); font-size:var(--t1)}
        .notice {margin-block:var(--s4); padding:var(--s2) var(--s3); border-inline-start:3px solid var(--link); background:var(--sunk); color:inherit}
        .notice.warn {border-color:var(--warn); background:var(--warn-bg)}
        .notice.good {border-color:var(--good); background:var(--good-bg)}

        /* session: head and summary */
        .goal h1 {max-width:44rem; margin-block:var(--s1) var(--s2)}
        .goal > p:not(.row) {font-size:var(--t3)}
        .facts {display:grid; grid-template-columns:repeat(auto-fit, minmax(8.5rem, auto)); margin-block:var(--s4); border-block:1px solid var(--line)}
        .sect + .facts {margin-top:0; border-top:0}
        .facts > div {padding:var(--s2) var(--s4) var(--s2) 0}
        .facts dt, .facts small {display:block; font-size:var(--t1); font-weight:400}
        .facts dd {font-weight:600}

        /* the thread: where you are in a session; its last knot is the landing */
        .thread {position:sticky; top:var(--s4); font-size:var(--t1)}
        .line {margin:0}
        .line > li {position:relative; padding:0 0 var(--s3) 1.375rem}
        .line > li::before {content:""; position:absolute; z-index:1; left:0; top:.38rem; width:.75rem; height:.75rem; border:2px solid var(--edge); border-radius:50%; background:var(--bg)}
        .line > li:not(:last-child)::after {content:""; position:absolute; left:calc(.375rem - 1px); top:.6rem; bottom:-.5rem; border-left:2px solid var(--line)}
        .line > .done::before {background:var(--good); border-color:var(--good)}
        .line > .whys::before {background:var(--why); border-color:var(--why)}
        .line > .stop::before {border-color:var(--bad); border-radius:0}
        .line p, .items p {margin:0}
        .thread a {display:flex; gap:.5em; min-height:1.5rem; align-items:center}
        .thread .line > li > a {font-weight:600; font-size:var(--t2)}
        :is(.line, .items) p > a:not(.who) {padding-block:.2rem}

        /* decisions */
        .decision {margin-bottom:var(--s4); border-inline-start:3px solid var(--why)}
        .decision > header {padding:var(--s3) var(--s4) 0}
        .decision h3 {flex:1 1 14rem}
        .decision dl, .pairs {display:grid; grid-template-columns:5.5rem minmax(0, 1fr); gap:var(--s2) var(--s4)}
        .decision dl {padding:var(--s3) var(--s4)}
        .decision dt, .items .soft {font-size:var(--t1)}
        .decision dd {max-width:44rem}
        .decision dd > :last-child {margin-bottom:0}
        .decision > footer {display:flex; flex-wrap:wrap; gap:var(--s2); padding:var(--s2) var(--s4); border-top:1px solid var(--line); background:var(--sunk)}
        .decision > footer > p {margin:.3rem auto 0 0; font-size:var(--t1)}
        .said {margin:0 var(--s4) var(--s3); padding:var(--s2) var(--s3); border-inline-start:3px solid var(--edge); background:var(--sunk)}
        .said > :last-child {margin-bottom:0}
        .said.bad {border-color:var(--bad); background:var(--bad-bg); color:inherit}
        .said.warn {border-color:var(--warn); background:var(--warn-bg); color:inherit}
        .said.good {border-color:var(--good); background:var(--good-bg); color:inherit}
        .said.brief {padding-block:0; border-color:var(--line); background:none}
        .word {font-weight:600; color:var(--ink)}
        .decision.gone {border-inline-start-color:var(--line)}
        .gone h3 {font-weight:400; text-decoration:line-through}
        .ask summary {list-style:none}
        .ask[open] {flex-basis:100%; order:1}
        .ask form {margin-top:var(--s2); max-width:40rem}
        .ask textarea {margin-block:var(--s1)}
        .ask .hint {margin-bottom:var(--s2)}
        .ask .act {display:inline-block; padding-block:.2rem; color:var(--soft); font-size:var(--t1); text-decoration:underline}
        .say {max-width:46rem; margin-top:var(--s4)}
        .say .row {margin-top:var(--s2)}
        .wrong {margin:0 0 var(--s2); color:var(--bad); font-weight:600}
        .ends {align-items:flex-start}
        .ends > .ask {margin-inline-start:auto}
        #stale:not(:empty) {position:sticky; top:0; z-index:4; border:1px solid var(--link); border-inline-start-width:3px}

        /* conversation */
        .talk > li {display:grid; grid-template-columns:1.5rem minmax(0, 1fr); gap:0 var(--s3); padding-bottom:var(--s4)}
        .talk > li > div, .note > div {max-width:46rem}
        .by {gap:0 var(--s2); margin:0; font-size:var(--t1); color:var(--soft); min-height:1.5rem}
        .by .who {color:var(--ink); font-size:var(--t2)}
        .by > a:last-child {color:inherit}
        .tool {margin-block:var(--s2); font-size:var(--t1)}
        .tool > summary {padding:var(--s1) var(--s3); color:var(--soft); background:var(--sunk)}
        .tool > summary code {color:var(--ink); padding:0}
        .tool > pre {background:none; max-height:24rem; border-top:1px solid var(--line)}
        details + .talk {margin-top:var(--s3)}
        .talk.on {margin-top:var(--s2); padding-inline-start:var(--s3); border-inline-start:3px solid var(--line)}
        .talk.on > li {padding-bottom:var(--s2)}
        .talk:empty {display:none}
        .talk.loose {padding:var(--s3); border-bottom:1px solid var(--line)}
        .talk > .since {display:flex; align-items:center; color:var(--link); font-size:var(--t1); font-weight:600}
        .since::after {content:""; flex:1; border-top:2px solid var(--link)}

        /* code: diff, file and blame are one table */
        .file {margin-bottom:var(--s4)}
        .file > header {position:sticky; top:0; z-index:2}
        .file :is(h2, h3, h4) {font:600 var(--t1) var(--mono); overflow-wrap:anywhere}
        .code {width:100%; table-layout:fixed; font:var(--t1)/1.5rem var(--mono); tab-size:4}
        .code .ln {width:3.25rem}
        .code .sg {width:1.25rem}
        .code :is(th, td) {padding:0; vertical-align:top}
        .code :is(th, .o, .m) {color:var(--soft); user-select:none}
        .code th a, .o > span {display:block; min-height:1.5rem; padding-inline:.5rem; text-align:end; font-size:var(--t0)}
        .code td:last-child {padding:0 var(--s3) 0 var(--s2); white-space:pre-wrap; overflow-wrap:anywhere}
        .code .m {text-align:center}
        .code tr:target > * {background:var(--warn-bg)}
        .add > * {background:var(--good-bg)}
        .rem > * {background:var(--bad-bg)}
        .code .add .m {color:var(--good); border-inline-start:3px solid}
        .code .rem .m {color:var(--bad); border-inline-start:3px dotted}
        .code ins {background:var(--good-hi); border-bottom:2px solid var(--good)}
        .code del {background:var(--bad-hi); border-bottom:2px dotted var(--bad)}
        .hunk > * {background:var(--sunk); color:var(--soft); font-size:var(--t0)}
        .hunk a {display:inline-block; margin-inline-end:var(--s3); font-family:var(--sans)}
        .code .note td {padding:var(--s3); white-space:normal; font:var(--t2)/1.55 var(--sans); border-block:1px solid var(--line)}
        .note td > .talk {padding-inline-start:var(--s3); border-inline-start:3px solid var(--link)}
        .group {margin:var(--s4) 0 var(--s2)}
        .k {color:var(--k)} .s {color:var(--s)} .c {color:var(--c)} .n {color:var(--n)} .f {color:var(--f)}
        .blame .from {width:22rem}
        .blame tbody > :first-child > * {border-top:1px solid var(--line)}
        .code .lot {padding:0 var(--s2); font:var(--t1)/1.5rem var(--sans); color:var(--ink); background:var(--sunk)}
        .code .lot a {padding:0; text-align:start; font-size:var(--t1); overflow:hidden; text-overflow:ellipsis}
        .code .lot .pos {min-width:3rem; color:var(--link)}
        .code .lot .why {padding:0 .35em; text-align:center; color:var(--why)}
        .cut, .cut > :last-child {display:flex; gap:var(--s2)}
        .cut > :nth-child(2) {flex:1; min-width:0; white-space:nowrap}
        .by-lot {padding-inline-start:3.5rem; font-size:var(--t0)}

        /* landing box */
        .landing {border:2px solid var(--edge); border-radius:4px; color:inherit}
        .landing.good {border-color:var(--good)}
        .landing > .pad + .pad {border-top:1px solid var(--line)}
        .policy, .list {width:100%}
        .policy :is(th, td) {padding:.35rem var(--s4); vertical-align:top; border-bottom:1px solid var(--line)}
        .policy th {width:8rem; font-weight:600}
        .policy td:nth-child(2) {width:9rem}
        .at, .usercode, .num-big {font:700 var(--t5)/1.2 var(--mono)}

        /* lists: tree, log, sessions, usage */
        .list :is(th, td) {padding:.25rem var(--s3); border-top:1px solid var(--line); vertical-align:baseline; line-height:1.5rem}
        .list thead th {color:var(--soft); font-size:var(--t1); border:0; white-space:nowrap}
        .list :is(th, td):first-child {padding-inline-start:0}
        .list :is(th, td):last-child {padding-inline-end:0}
        .box .list :is(th, td):first-child {padding-inline-start:var(--s4)}
        .box .list :is(th, td):last-child {padding-inline-end:var(--s4)}
        .list tbody tr:hover > * {background:var(--sunk)}
        .list .num {text-align:end; white-space:nowrap}
        .list .day th {padding-top:var(--s4); font-weight:650; background:none}
        .list tbody a {display:inline-block}
        .list tbody :is(.who, .button) {display:inline-flex}
        .list .num > .row {justify-content:end}
        .list .wide {width:100%; max-width:0; white-space:nowrap}
        .list .wide > a {display:block; overflow:hidden; text-overflow:ellipsis; color:var(--ink)}
        .list thead.vh + tbody > :first-child > * {border-top:0}
        .list tfoot > tr > * {font-weight:650; border-top:2px solid var(--edge)}
        .dirs {font-weight:600}
        .tree th {white-space:nowrap}
        .marks {display:flex; flex-wrap:wrap; gap:var(--s1)}
        .list meter {width:5rem}
        ::-webkit-meter-optimum-value {background:var(--link)}
        ::-moz-meter-bar {background:var(--link)}
        .items > li {padding:var(--s2) 0; border-top:1px solid var(--line)}
        .items > li:first-child {border-top:0}
        .sect + .items > li:first-child {padding-top:0}
        .filters {display:grid; grid-template-columns:2fr 1fr 1fr auto; gap:var(--s3); align-items:end; margin-bottom:var(--s4)}
        .filters.few {grid-template-columns:14rem 14rem auto; justify-content:start}
        .words {display:grid; grid-template-columns:minmax(0, 40rem) auto; gap:var(--s3); align-items:end; justify-content:start}
        mark {background:var(--warn-bg); color:inherit; border-bottom:2px solid var(--warn)}
        .found {margin-bottom:var(--s4)}
        .found h2 {font-size:var(--t3)}
        .pages {display:flex; justify-content:space-between; align-items:center; margin-top:var(--s4)}

        /* prose from README files, and what people say */
        blockquote {margin:0 0 var(--s3); padding-inline-start:var(--s3); border-inline-start:3px solid var(--line); color:var(--soft)}
        .prose img {max-width:100%; height:auto}
        .prose > :is(h4, h5, h6) {margin:1.2em 0 .4em; font-size:var(--t2)}
        .prose {font-size:.9375rem; line-height:1.65}
        .prose > * {max-width:46rem}
        .prose > h3 {margin:1.4em 0 .5em}
        .prose > h2 {margin-bottom:.5em}

        /* activity */
        .heat, .scroll {position:relative; overflow-x:auto}
        .heat svg {width:100%; min-width:46rem}
        .heat text {font:10px var(--sans); fill:var(--soft)}
        .l0 {fill:var(--h0)} .l1 {fill:var(--h1)} .l2 {fill:var(--h2)} .l3 {fill:var(--h3)} .l4 {fill:var(--h4)}
        .av[width="80"] {width:5rem; height:5rem}
        .me-card > .av {margin-bottom:var(--s3)}
        .cols {display:grid; grid-template-columns:1fr 1fr; gap:0 var(--s5)}
        .items.cols > li {padding-top:0; border:0}

        .qr {width:12rem; height:auto; border:1px solid var(--line); border-radius:4px}

        /* one narrow column: sign in, device, errors */
        .narrow {max-width:27rem; margin-inline:auto}
        .mid {max-width:36rem}
        .narrow form + :is(form, p) {margin-top:var(--s3)}
        .narrow > h1 + form {margin-top:var(--s4)}

        @media (max-width: 60rem) {
          .two, .session, .with-side, .profile {grid-template-columns:minmax(0, 1fr); gap:var(--s5)}
          .thread {top:0; z-index:3; margin-inline:-1rem; padding:0 var(--s4); overflow-x:auto; background:var(--bg); border-bottom:1px solid var(--line)}
          .thread .line {display:flex; gap:var(--s4)}
          .thread .line > li {padding:.45rem 0 .45rem 1.05rem; white-space:nowrap}
          .thread .line > li::before {top:.88rem; width:.65rem; height:.65rem}
          .thread .line > li::after, .thread li ol, .thread .bad {display:none}
          .session .file > header {top:2.5rem}
          .filters, .filters.few {grid-template-columns:1fr 1fr}
          .side ul {display:flex; flex-wrap:wrap; gap:0 var(--s4)}
          .side a {padding-inline:0; border:0}
        }
        @media (max-width: 40rem) {
          .top {flex-wrap:wrap; gap:0 var(--s3); padding-block:var(--s1)}
          .crumbs {order:1; flex-basis:100%}
          .find {order:2; flex:1 0 100%; padding-bottom:var(--s1)}
          .me {margin-inline-start:auto}
          .list :is(th, td) {padding-inline:var(--s2)}
          .list td > code {overflow-wrap:anywhere}
          .tree th {white-space:normal; overflow-wrap:anywhere; min-width:8.5rem}
          .opt, .o > span, .cut > :nth-child(2), .by-lot {display:none}
          .o > a {position:absolute; width:2.5rem}
          h1 {font-size:1.375rem}
          .facts {grid-template-columns:1fr 1fr}
          .decision dl, .cols {grid-template-columns:minmax(0, 1fr); gap:var(--s1)}
          .list .wide, .list .wide > a {white-space:normal}
          .list .wide > a {display:-webkit-box; -webkit-box-orient:vertical; -webkit-line-clamp:3}
          .tree .wide > a {-webkit-line-clamp:2}
          .code {font-size:var(--t0)}
          .code .ln {width:2.5rem}
          .code .old {width:0}
          .code .sg {width:1rem}
          .code th a, .o > span {padding-inline:.25rem}
          .blame .from {width:5.25rem}
          .cut {display:block}
          .policy tr {display:block; padding:var(--s2) 0; border-bottom:1px solid var(--line)}
          .policy tr > *, .policy td:nth-child(2) {display:block; width:auto; padding-block:.1rem; border:0}
          .filters:not(.few) > :first-child, .filters > button {grid-column:1 / -1}
        }
        @media (pointer: coarse) {button, .button, input, select {min-height:2.5rem}}
        @media (prefers-reduced-motion: no-preference) {html {scroll-behavior:smooth}}
        """#
}
