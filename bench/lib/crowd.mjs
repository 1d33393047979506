// Fills a server's database, while it is stopped, with what the rest of a large registry would have put there.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Copies of the one package and the one publisher that are there: `packages` more packages, each with a publisher of its
 *  own, and `publishers` more publishers of the first package, none of which expects what its jobs say. */
export function crowd(data, { packages, publishers }) {
  const database = new DatabaseSync(join(data, 'imprimatur.db'));
  try {
    const first = database.prepare('SELECT * FROM package').get();
    const model = database.prepare('SELECT * FROM trusted_publisher').get();
    const inserter = (table, row) => {
      const columns = Object.keys(row);
      const statement = database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`);
      return (changes) => statement.run(...columns.map((column) => changes[column] ?? row[column]));
    };
    const addPackage = inserter('package', first), addPublisher = inserter('trusted_publisher', model);
    const claimsOf = (origin) => JSON.stringify({ ...JSON.parse(model.claims), 'oidc.circleci.com/vcs-origin': origin });
    database.exec('BEGIN');
    for (let i = 0; i < packages; i++) {
      const id = randomUUID();
      addPackage({ id, name: `crowd-${i}` });
      addPublisher({ id: randomUUID(), package_id: id, claims: claimsOf(`github.com/acme/crowd-${i}`) });
    }
    // Older than the one that matches, so that each is compared before it.
    for (let i = 0; i < publishers; i++) {
      addPublisher({ id: randomUUID(), claims: claimsOf(`github.com/acme/other-${i}`), created_at: model.created_at - 1000 - i });
    }
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}
