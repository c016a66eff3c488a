// Who fits the answers: reasons are counted, none weighs more than another.

/**
 * Candidates in order, each with its reasons for these answers and its rank.
 *
 * @param names All candidates, in the order that decides between equals.
 * @param reasons Each with name, asks, answer, and verdict: "for", "against", "cannot".
 * @param answers Key of a question → key of the answer; what is left open is not in it.
 * @returns { ranked, out }: those that remain, and those that a reason rules out.
 */
export const rank = (names, reasons, answers) => {
  const every = names.map((name) => {
    const own = reasons.filter((r) => r.name === name && answers[r.asks] === r.answer);
    const count = (verdict) => own.filter((r) => r.verdict === verdict).length;
    const [pro, con, cannot] = ["for", "against", "cannot"].map(count);
    return { name, own, pro, con, cannot, score: pro - con };
  });
  const left = every.filter((one) => !one.cannot);
  const better = (one) => left.filter((other) => other.score > one.score).length;
  const ranked = left.map((one) => ({ ...one, rank: 1 + better(one) }));
  ranked.sort((one, two) => one.rank - two.rank); // keeps the order of equals
  return { ranked, out: every.filter((one) => one.cannot) };
};
