/** The shape of `measure:` of a job; resolve/measure.ts checks the meaning. */

import { z } from 'zod';
import { delay, duration, text } from '../../language/shapes.js';
import { MAX_TIMER } from '../../model/limits.js';
import { MEASURED_ENDS, TAKES } from '../../model/measure.js';

const columnError = 'must be the name of a column, or its number from 1';

const sourceSchema = z.strictObject(
  {
    pattern: text()
      .optional()
      .describe(
        'A regular expression with one group in parentheses, which is the number, or with named groups, which are values of their own.',
      ),
    from: text().optional().meta({
      description: 'Where the pattern is searched: output, error, or a file of the job.',
      default: 'output',
    }),
    json: text()
      .optional()
      .describe('A JSON file of the job, or output. A file .jsonl or .ndjson has a JSON value on each line.'),
    path: text().optional().describe('The JSONPath (RFC 9535) of the number: $.loss.'),
    csv: text().optional().describe('A table of the job, or output.'),
    column: z
      .union(
        [text(), z.number({ error: columnError }).int({ error: columnError }).min(1, { error: columnError })],
        {
          error: columnError,
        },
      )
      .optional()
      .describe('The name of the column, or its number from 1.'),
    separator: z
      .string({ error: 'must be one character; a blank stands for any number of them' })
      .length(1, { error: 'must be one character; a blank stands for any number of them' })
      .optional()
      .describe(
        'The separator of the columns; a blank stands for any number of them. That of the first line when absent.',
      ),
    python: text()
      .optional()
      .describe(
        'A Python file, relative to this one, with a function read(job) that returns numbers by name.',
      ),
    take: z
      .enum(TAKES, { error: `must be one of ${TAKES.join(', ')}` })
      .optional()
      .meta({ description: 'How several numbers become one.', default: 'last' }),
    on: z
      .enum(MEASURED_ENDS, { error: `must be ${MEASURED_ENDS.join(' or ')}` })
      .optional()
      .meta({ description: 'Measure jobs that have succeeded, or all that have run.', default: 'success' }),
    timeout: duration(MAX_TIMER)
      .optional()
      .meta({ description: 'How long reading may take for a job.', default: '60s' }),
    wait: delay(MAX_TIMER)
      .optional()
      .describe(
        'How long a missing file or value is waited for: 5s when absent, 0 for jobs of this machine.',
      ),
  },
  { error: "must be a mapping like {pattern: 'energy: (\\S+)'}" },
);

export const measureSchema = z
  .record(z.string(), sourceSchema, { error: 'must be a mapping of names to their sources' })
  .nullish()
  .describe('Numbers that are read from the output and the files of each job of the group, by name.');
