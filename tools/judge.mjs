/** Judge answers in Node.js as a page does: JSON in, JSON out; for tools/exercises.py and the tests. */

import { readFileSync } from "node:fs";

import { Judge } from "../jacmagic/view/static/quiz_exercise.mjs";

const LIMIT = 10_000; // milliseconds: the machine may be busy; what is reported is the processor's time

const { exercises, answers } = JSON.parse(readFileSync(0, "utf-8"));
const judges = exercises.map((/** @type {any} */ one) => new Judge(one, LIMIT));
const results = answers.map((/** @type {any} */ { exercise, row, column, lines }) => {
  const began = process.cpuUsage();
  const judge = judges[exercise];
  let before = null;
  let result = null;
  for (const line of lines) {
    result = judge.judge(line, row, column, before);
    if (result.verdict !== "right") break;
    before = result.lines[result.lines.length - 1];
  }
  const { verdict, kind, text } = result;
  const { user, system } = process.cpuUsage(began); // not those of others on the machine
  return { verdict, kind, text, points: judge.points.length, milliseconds: (user + system) / 1000 };
});
process.stdout.write(JSON.stringify(results));
