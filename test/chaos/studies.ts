/** The studies of the harness: two with a feature of each kind, and others that a seed composes. */

import { featureNames, features } from './features.js';
import { Random } from './random.js';
import { type Language, rows, type Study, StudyBuilder } from './study.js';

function begin(language: Language, size: number) {
  const study = new StudyBuilder(language);
  const first = study.group('first', {}, { parameters: rows(size) });
  study.rule({ trigger: 'start', action: { name: 'submit', label: first.name } });
  return { study, first };
}

/** Each of these features once, after the first group. */
export function everything(language: Language, size: number): Study {
  const { study, first } = begin(language, size);
  const random = new Random('everything');
  for (const name of featureNames) features[name](study, first, random);
  study.endsByRule();
  return study.build(`every kind of rule (${language})`);
}

/** Maximum jobs of a group that other groups follow, so that a study stays small. */
const MOST = 16;

/** Features that a seed chooses, each after a group that it chooses. */
export function generated(seed: string, size: number): Study {
  const random = new Random('study', seed);
  const { study, first } = begin(random.choice(['javascript', 'python']), random.integer(1, size));
  const parents = [first];
  const count = random.integer(2, 8);
  for (let i = 0; i < count; i++) {
    const group = features[random.choice(featureNames)](study, random.choice(parents), random);
    if (group.successes <= MOST) parents.push(group);
  }
  if (random.chance(0.5)) study.endsByRule();
  return study.build(`study of seed ${seed}`);
}
