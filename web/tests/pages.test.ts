import { afterAll, beforeAll, describe } from 'vitest';
import { admin } from './admin';
import { chart } from './chart';
import { House } from './house';
import { intake } from './intake';
import { journey } from './journey';
import { live } from './live';
import { me } from './me';
import { patients } from './patients';
import { entrance, screens } from './screens';
import { signIn } from './signin';
import { sql } from './sql';
import { states } from './states';
import { tables } from './tables';

/** One browser, one server and one demo for all: what is in a file of its own is a part of the pages, not a start of its own. */
const house = new House();
beforeAll(() => house.start());
afterAll(() => house.stop());

// These make the accounts and sessions that the others use.
signIn(house);
entrance(house);
// Each of these has a browser profile of its own and changes nothing that another one looks at.
describe.concurrent('signed in', () => {
  screens(house);
  journey(house);
  patients(house);
  chart(house);
  sql(house);
  states(house);
});
tables(house);
admin(house);
intake(house);
me(house);
// The last stops the server and starts it anew.
live(house);
