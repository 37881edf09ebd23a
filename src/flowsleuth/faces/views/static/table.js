var d=`:host {
  --line: color-mix(in srgb, currentColor 18%, transparent);
  --chosen: color-mix(in srgb, #2f6fde 22%, transparent);
  display: block;
  max-height: 420px;
  overflow: auto;
  border: 1px solid var(--line);
  border-radius: 4px;
  font: 12px/1.45 system-ui, sans-serif;
  font-variant-numeric: tabular-nums;
}
table { border-collapse: collapse; width: 100%; }
caption { padding: 4px 8px; text-align: left; opacity: 0.8; }
th { position: sticky; top: 0; padding: 0; background: var(--jp-layout-color1, Canvas); box-shadow: 0 1px 0 var(--line); }
th button { all: unset; box-sizing: border-box; width: 100%; padding: 4px 8px; font-weight: 600; cursor: pointer; white-space: nowrap; }
th[aria-sort="ascending"] button::after { content: " ↑"; }
th[aria-sort="descending"] button::after { content: " ↓"; }
td { padding: 3px 8px; max-width: 52ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; }
tbody tr { cursor: pointer; }
tbody tr:hover { background: color-mix(in srgb, currentColor 6%, transparent); }
tr[aria-selected="true"] { background: var(--chosen); box-shadow: inset 3px 0 0 #2f6fde; }
tr:focus-visible, button:focus-visible { outline: 2px solid #2f6fde; outline-offset: -2px; }
`;var u=(s,e,n)=>s===null||e===null?+(s===null)-+(e===null):(n?Number(s.replaceAll(",",""))-Number(e.replaceAll(",","")):0)||(s<e?-1:s>e?1:0),l=class{constructor(e,n){this.model=e;let o=document.createElement("div");o.className="fs-rows",o.tabIndex=0,o.setAttribute("role","region");let t=new CSSStyleSheet;t.replaceSync(d);let r=o.attachShadow({mode:"open"});r.adoptedStyleSheets=[t],r.append(this.table),n.append(o),this.draw()}model;table=document.createElement("table");caption=document.createElement("caption");order=[];sorted=null;last=-1;get columns(){return this.model.get("columns")}get rows(){return this.model.get("rows")}get selected(){return new Set(this.model.get("selected"))}draw=()=>{this.order=this.rows.map((t,r)=>r);let{sorted:e}=this;if(e&&this.columns[e.at]){let t=this.columns[e.at].is_number,r=e.isUp?1:-1;this.order.sort((i,a)=>r*u(this.rows[i][e.at],this.rows[a][e.at],t)||i-a)}this.caption.textContent=this.model.get("caption");let n=document.createElement("thead");n.append(this.heading());let o=document.createElement("tbody");o.append(...this.order.map(t=>this.row(t))),this.table.replaceChildren(this.caption,n,o),this.mark()};heading(){let e=document.createElement("tr");return this.columns.forEach((n,o)=>{let t=document.createElement("th");t.scope="col";let r=document.createElement("button");r.type="button",r.textContent=n.title,r.addEventListener("click",()=>{this.sorted={at:o,isUp:this.sorted?.at===o?!this.sorted.isUp:!0},this.draw()}),this.sorted?.at===o&&t.setAttribute("aria-sort",this.sorted.isUp?"ascending":"descending"),n.is_number&&(t.className="number"),t.append(r),e.append(t)}),e}row(e){let n=document.createElement("tr");return n.tabIndex=0,n.dataset.at=String(e),this.rows[e].forEach((o,t)=>{let r=document.createElement("td");r.textContent=o??"",this.columns[t].is_number&&(r.className="number"),n.append(r)}),n.addEventListener("click",o=>this.choose(e,o.ctrlKey||o.metaKey,o.shiftKey)),n.addEventListener("keydown",o=>this.key(o,e,n)),n}key(e,n,o){let t={ArrowDown:o.nextElementSibling,ArrowUp:o.previousElementSibling}[e.key];if(t instanceof HTMLElement)t.focus();else if(e.key===" "||e.key==="Enter")this.choose(n,!0,e.shiftKey);else return;e.preventDefault()}choose(e,n,o){let t=this.selected;if(o&&this.last>=0){let r=[this.order.indexOf(this.last),this.order.indexOf(e)].sort((i,a)=>i-a);t=new Set([...n?t:[],...this.order.slice(r[0],r[1]+1)])}else n?t.delete(e)||t.add(e):t=t.has(e)&&t.size===1?new Set:new Set([e]);this.last=e,this.model.set("selected",[...t].sort((r,i)=>r-i)),this.model.save_changes(),this.mark()}mark=()=>{let e=this.selected;for(let n of this.table.tBodies[0]?.rows??[])n.setAttribute("aria-selected",String(e.has(Number(n.dataset.at))))}};function h({model:s,el:e}){let n=new l(s,e),o=["change:rows","change:columns","change:caption"];for(let t of o)s.on(t,n.draw);return s.on("change:selected",n.mark),()=>{for(let t of o)s.off(t,n.draw);s.off("change:selected",n.mark)}}var b={render:h};export{b as default};
