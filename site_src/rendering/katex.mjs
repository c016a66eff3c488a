// Renders formulas: one JSON array of {tex, display} a line in, one of {html} or {error} out.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const katex = createRequire(process.argv[2] + "/")("katex");
const render = ({ tex, display }) => {
  try {
    const options = { displayMode: display, throwOnError: true, strict: "error" };
    return { html: katex.renderToString(tex, options) };
  } catch (error) {
    return { error: error.message.replace(/^KaTeX parse error: /, "") };
  }
};
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(JSON.parse(line).map(render)));
}
