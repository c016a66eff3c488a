// What two texts share, line by line: a longest common subsequence.

/** How long the longest common subsequence of the ends from each pair of lines is. */
const lengths = (one, two) => {
  const wide = two.length + 1;
  const table = new Uint32Array((one.length + 1) * wide);
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = two.length - 1; j >= 0; j -= 1) {
      const here = i * wide + j;
      table[here] =
        one[i] === two[j]
          ? table[here + wide + 1] + 1
          : Math.max(table[here + wide], table[here + 1]);
    }
  }
  return (i, j) => table[i * wide + j];
};

/**
 * The lines of both texts in order, each with " " where both have it, "-" where only
 * the first has it, "+" where only the second has it; what is left out comes first.
 */
export const difference = (first, second) => {
  const [one, two] = [first, second].map((text) => text.replace(/\n$/, "").split("\n"));
  const common = lengths(one, two);
  const found = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < two.length) {
    if (i < one.length && j < two.length && one[i] === two[j]) {
      found.push([" ", one[i]]);
      i += 1;
      j += 1;
    } else if (j === two.length || (i < one.length && common(i + 1, j) >= common(i, j + 1))) {
      found.push(["-", one[i]]);
      i += 1;
    } else {
      found.push(["+", two[j]]);
      j += 1;
    }
  }
  return found;
};

/** The same with long runs of shared lines replaced by ["@", how many]. */
export const shortened = (lines, around = 3) => {
  const near = new Set();
  lines.forEach(([kind], at) => {
    if (kind === " ") return;
    for (let k = at - around; k <= at + around; k += 1) near.add(k);
  });
  const found = [];
  lines.forEach((line, at) => {
    if (near.has(at)) found.push(line);
    else if (found.at(-1)?.[0] === "@") found.at(-1)[1] += 1;
    else found.push(["@", 1]);
  });
  return found;
};
