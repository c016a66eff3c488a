import puppeteer from "puppeteer-core"; import {readFileSync} from "node:fs";
import { ADDRESS, chromium, switches, serve, SITE } from "./site.mjs";
const s=await serve();
const b=await puppeteer.launch({executablePath:chromium(),args:switches(s.port)});
const css=readFileSync(SITE+"/assets/inline.css","utf8");
const V={base:"", code:"figure.snippet.whole{content-visibility:auto;contain-intrinsic-size:auto 4000px}",
 codesvg:"figure.snippet.whole{content-visibility:auto;contain-intrinsic-size:auto 4000px} .computed{content-visibility:auto;contain-intrinsic-size:auto 500px}",
 all:"figure.snippet.whole{content-visibility:auto;contain-intrinsic-size:auto 4000px} .computed,.maths,section.verification,section.references{content-visibility:auto;contain-intrinsic-size:auto 500px}",
 article:"article>*{content-visibility:auto;contain-intrinsic-size:auto 60px}",
 nokatex:".katex{display:none}", nojs:""};
const res={};
for(let i=0;i<5;i++) for(const [v,extra] of Object.entries(V)){
 const ctx=await b.createBrowserContext(); const pg=await ctx.newPage(); await pg.setViewport({width:412,height:823,deviceScaleFactor:1.75,isMobile:true,hasTouch:true});
 await pg.setRequestInterception(true);
 pg.on("request",r=>{ if(r.url().endsWith("inline.css")) r.respond({contentType:"text/css",body:css+extra}); else if(v=="nojs"&&r.url().includes("bundle")) r.abort(); else r.continue();});
 await pg.goto(ADDRESS+process.argv[2],{waitUntil:"networkidle0"}); await new Promise(r=>setTimeout(r,300));
 const m=await pg.metrics(); const h=await pg.evaluate(()=>document.documentElement.scrollHeight);
 (res[v]??=[]).push([m.LayoutDuration,m.RecalcStyleDuration,m.ScriptDuration,m.TaskDuration,h]); await ctx.close();
}
for(const v in res){const k=res[v]; console.log(v.padEnd(8),[0,1,2,3,4].map(j=>{const a=k.map(x=>x[j]).sort((a,b)=>a-b);return j==4?a[2]:(a[2]*1000).toFixed(0)}).join("\t"))}
await b.close(); s.close(); process.exit(0);
