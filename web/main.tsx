/** The dashboard: a page that shows runs, and asks the HTTP API of the server that it came from. */

import { render } from 'preact';
import { Client } from '../src/api/client/client.js';
import { Session } from './api/session.js';
import { Page } from './views/page.js';

const session = new Session(sessionStorage);
const client = new Client(new URL('api/v1/', document.baseURI).href, session);
const root = document.getElementById('page');
if (root !== null) render(<Page client={client} session={session} />, root);
