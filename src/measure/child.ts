/**
 * The process that reads the files of jobs. A regular expression that takes for ever, or a file system that hangs, can't
 * hold the run, which ends this process then.
 */

import { openChannel } from '../usercode/javascript/channel.js';
import type { FromReader, ToReader } from './messages.js';
import { readJob } from './read.js';

const { tell } = openChannel<ToReader, FromReader>((request) => tell(readJob(request)));
