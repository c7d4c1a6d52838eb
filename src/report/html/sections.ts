/** The sections of a report, in their order. */

import { blameSection } from './blame.js';
import type { ReportContent, Section } from './content.js';
import { environmentSection } from './environment.js';
import { failuresSection } from './failures.js';
import type { JobFigures } from './figures.js';
import { fileSection } from './file.js';
import { groupsSection } from './groups.js';
import { histogramsSection } from './histograms.js';
import { failedJobsSection, slowestJobsSection } from './jobs.js';
import { outcomesSection } from './outcomes.js';
import { rulesSection } from './rules.js';
import { summarySection } from './summary.js';
import { timelineSection } from './timeline.js';

export const sections: readonly ((content: ReportContent, figures: JobFigures) => Section)[] = [
  summarySection,
  outcomesSection,
  failuresSection,
  blameSection,
  timelineSection,
  histogramsSection,
  groupsSection,
  slowestJobsSection,
  failedJobsSection,
  rulesSection,
  environmentSection,
  fileSection,
];
