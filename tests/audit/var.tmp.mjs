import puppeteer from "puppeteer-core"; import {readFileSync} from "node:fs";
import { ADDRESS, chromium, switches, serve, SITE } from "./site.mjs";
const s=await serve(); const path=process.argv[2];
const b=await puppeteer.launch({executablePath:chromium(),args:switches(s.port)});
const html=readFileSync(SITE+"/"+path+"index.html","utf8");
const V={base:h=>h, notips:h=>h.replace('"content.tooltips", ',""), nofollow:h=>h.replace(', "toc.follow"',""), nocopy:h=>h.replace('"content.code.copy", ',"").replace('"content.lazy", ',""), nolinks:h=>h.replace(/<a class="claim"/g,'<b class="claim"'), nokatex:h=>h.replace(/<span class="katex">.*?<\/span><\/span><\/span>(?=[^<])/gs,""), nojs:h=>h};
const res={};
for(let i=0;i<7;i++) for(const [v,f] of Object.entries(V)){
 const ctx=await b.createBrowserContext(); const pg=await ctx.newPage(); await pg.setViewport({width:412,height:823,deviceScaleFactor:1.75,isMobile:true,hasTouch:true});
 await pg.setRequestInterception(true);
 pg.on("request",r=>{ if(r.resourceType()=="document") r.respond({contentType:"text/html",body:f(html)}); else if(v=="nojs"&&r.url().includes("bundle")) r.abort(); else r.continue();});
 await pg.goto(ADDRESS+path,{waitUntil:"networkidle0"}); await new Promise(r=>setTimeout(r,200));
 const m=await pg.metrics();
 (res[v]??=[]).push([m.LayoutDuration,m.RecalcStyleDuration,m.ScriptDuration,m.TaskDuration]); await ctx.close();
}
for(const v in res){const k=res[v]; console.log(v.padEnd(9),[0,1,2,3].map(j=>{const a=k.map(x=>x[j]).sort((a,b)=>a-b);return (a[3]*1000).toFixed(0)+" (min "+(a[0]*1000).toFixed(0)+")"}).join("\t"))}
await b.close(); s.close(); process.exit(0);
