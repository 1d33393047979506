// Figures: medians of rounds, and the table at the end.
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Measures each server once per round, in turn, so that what else happens on the machine meets all
 *  of them; `measure(server)` returns an object of numbers. {name: {number: median}} plus, under
 *  `rounds`, every round. */
export async function inTurns(servers, rounds, measure) {
  const all = Object.fromEntries(servers.map((server) => [server.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) all[server.name].push(await measure(server));
  }
  return all;
}

/** The median over the rounds of ours / theirs, where a larger `value` is better. */
export const ratio = (all, ours, theirs, value) =>
  median(all[ours].map((one, round) => value(one) / value(all[theirs][round])));

const digits = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
export const number = (value) => (value === undefined ? '' : Number(digits(value)).toLocaleString('en-US'));

export class Report {
  rows = [];
  missed = [];

  /** expected: {atLeast} or {atMost}. */
  add(what, figure, { unit = '', detail = '', atLeast, atMost } = {}) {
    const met = (atLeast === undefined || figure >= atLeast) && (atMost === undefined || figure <= atMost);
    const wanted = atLeast !== undefined ? `>= ${number(atLeast)}` : atMost !== undefined ? `<= ${number(atMost)}` : '';
    const row = [what, `${number(figure)}${unit}`, wanted, wanted === '' ? '' : met ? 'met' : 'missed', detail];
    this.rows.push(row);
    if (!met) this.missed.push(row);
    console.log(`  ${what}: ${row[1]}${wanted ? ` (${wanted}: ${row[3]})` : ''}${detail ? `  ${detail}` : ''}`);
  }

  note(text) {
    this.rows.push([text, '', '', '', '']);
    console.log(`  ${text}`);
  }

  print() {
    const table = [['what', 'figure', 'expected', '', 'detail'], ...this.rows];
    const widths = [0, 1, 2, 3].map((column) => Math.max(...table.filter((row) => row[1]).map((row) => row[column].length)));
    console.log();
    for (const row of table) {
      console.log([...widths.map((width, column) => row[column].padEnd(width)), row[4]].join('  ').trimEnd());
    }
  }
}
