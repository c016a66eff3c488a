import { launch } from "chrome-launcher"; import lighthouse from "lighthouse";
import { ADDRESS, chromium, switches, serve } from "./site.mjs";
const s=await serve(); const chrome=await launch({chromePath:chromium(),chromeFlags:switches(s.port)});
for (const p of process.argv.slice(2)) {
const {lhr}=await lighthouse(ADDRESS+p,{port:chrome.port,logLevel:"silent",output:"json",onlyCategories:["performance"]});
console.log(p, lhr.audits["total-blocking-time"].displayValue, lhr.audits["dom-size"]?.displayValue);
for (const i of lhr.audits["mainthread-work-breakdown"].details.items) console.log("   ",i.groupLabel,Math.round(i.duration));
for (const i of lhr.audits["bootup-time"].details.items) console.log("   boot",i.url,Math.round(i.total),Math.round(i.scripting));
for (const i of lhr.audits["long-tasks"].details.items) console.log("   long",i.url,Math.round(i.startTime),Math.round(i.duration));
for (const i of lhr.audits["network-requests"].details.items) console.log("   net",i.url.slice(-60),i.transferSize, i.priority);
}
chrome.kill(); s.close(); process.exit(0);
