import puppeteer from "puppeteer-core";
import { ADDRESS, chromium, switches, serve } from "./site.mjs";
const s=await serve();
const b=await puppeteer.launch({executablePath:chromium(),args:switches(s.port)});
const pg=await b.newPage(); await pg.setViewport({width:412,height:823,deviceScaleFactor:1.75,isMobile:true,hasTouch:true});
const c=await pg.createCDPSession();
await c.send("Profiler.enable"); await c.send("Profiler.setSamplingInterval",{interval:200}); await c.send("Profiler.start");
await pg.goto(ADDRESS+process.argv[2],{waitUntil:"networkidle0"}); await new Promise(r=>setTimeout(r,1500));
const {profile}=await c.send("Profiler.stop");
const self=new Map(), byId=new Map(profile.nodes.map(n=>[n.id,n])); const dt=profile.timeDeltas;
profile.samples.forEach((id,i)=>{self.set(id,(self.get(id)||0)+dt[i])});
const agg=new Map();
for(const [id,t] of self){const n=byId.get(id).callFrame; const k=`${n.functionName||"(anon)"} ${n.url.split("/").pop()}:${n.lineNumber}:${n.columnNumber}`; agg.set(k,(agg.get(k)||0)+t)}
console.log([...agg].sort((a,b)=>b[1]-a[1]).slice(0,25).map(([k,t])=>(t/1000).toFixed(1)+" ms "+k).join("\n"));
await b.close(); s.close(); process.exit(0);
