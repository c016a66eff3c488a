import puppeteer from "puppeteer-core"; import {readFileSync} from "node:fs";
import { ADDRESS, chromium, switches, serve, SITE } from "./site.mjs";
const s=await serve();
const b=await puppeteer.launch({executablePath:chromium(),args:switches(s.port)});
const pg=await b.newPage(); await pg.setViewport({width:412,height:823,deviceScaleFactor:1.75,isMobile:true,hasTouch:true});
await pg.tracing.start({categories:["devtools.timeline","disabled-by-default-devtools.timeline","disabled-by-default-devtools.timeline.stack","disabled-by-default-devtools.timeline.invalidationTracking"]});
await pg.goto(ADDRESS+process.argv[2],{waitUntil:"networkidle0"}); await new Promise(r=>setTimeout(r,300));
const t=JSON.parse(Buffer.from(await pg.tracing.stop()).toString());
const ev=t.traceEvents.sort((a,b)=>a.ts-b.ts); let inv=[];
const t0=ev.find(e=>e.name=="navigationStart"||e.ts>0).ts;
const st=f=>f?.slice(0,5).map(x=>`${x.functionName||"anon"}@${x.url.split("/").pop()}:${x.columnNumber}`).join(" < ");
for(const e of ev){
 if(e.name==="StyleRecalcInvalidationTracking") inv.push(`${e.args.data.reason} ${e.args.data.nodeName||""} ${e.args.data.extraData||""}`.slice(0,110)+" "+st(e.args.data.stackTrace));
 if((e.name==="UpdateLayoutTree")&&e.dur>8000){ const n=e.args.elementCount; console.log("STYLE",(e.dur/1000).toFixed(0)+"ms",n, "at", ((e.ts-ev[0].ts)/1000).toFixed(0), st(e.args.beginData?.stackTrace)); const c={}; inv.forEach(i=>c[i]=(c[i]||0)+1); console.log(Object.entries(c).sort((a,b)=>b[1]-a[1]).filter(([k])=>!/^Fonts|inserted into/.test(k)).slice(0,9).map(([k,v])=>"     "+v+"x "+k).join("\n")); inv=[];}
 if(e.name==="Layout"&&e.dur>8000) console.log("LAYOUT",(e.dur/1000).toFixed(0)+"ms",e.args.beginData?.dirtyObjects,"/",e.args.beginData?.totalObjects, "at", ((e.ts-ev[0].ts)/1000).toFixed(0), st(e.args.beginData?.stackTrace));
}
await b.close(); s.close(); process.exit(0);
