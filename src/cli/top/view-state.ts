/** The choices of a user: a view, and places in it. */

export const VIEWS = ['groups', 'rules', 'jobs', 'firings', 'problems'] as const;
export type ViewName = (typeof VIEWS)[number];

/** A place in a list. */
export interface ListPlace {
  /** Index of the selected item. */
  selected: number;
  /** Index of the first item on the screen. */
  first: number;
  filter: string;
}

/** A screen about one job, above a view. */
export interface JobScreen {
  readonly job: string;
  readonly kind: 'job' | 'output';
  readonly stream: 'output' | 'error';
  /** Lines between the end of the text and the last line on the screen; 0 follows the end. */
  back: number;
}

/** An action that waits for a confirmation. */
export interface Question {
  readonly text: string;
  yes(): void;
}

export interface ViewState {
  view: ViewName;
  readonly lists: Readonly<Record<ViewName, ListPlace>>;
  screen: JobScreen | null;
  help: boolean;
  /** The text of a filter that is being written; null for none. */
  typed: string | null;
  question: Question | null;
  /** A message, and its kind. */
  message: { readonly text: string; readonly isError: boolean } | null;
  newestFirst: boolean;
}

const atTop = (): ListPlace => ({ selected: 0, first: 0, filter: '' });

export function initialState(): ViewState {
  return {
    view: 'groups',
    lists: { groups: atTop(), rules: atTop(), jobs: atTop(), firings: atTop(), problems: atTop() },
    ...{ screen: null, help: false, typed: null, question: null, message: null, newestFirst: false },
  };
}

/** Items and rows that are on the screen. */
export interface Visible {
  readonly first: number;
  readonly rows: readonly { readonly item: number; readonly line: string }[];
}

/**
 * The part of a list that fits into `height` rows and has the selected item in it. `linesOf` is called for few items
 * around it.
 */
export function visible(
  count: number,
  { selected, first }: Pick<ListPlace, 'selected' | 'first'>,
  height: number,
  linesOf: (item: number) => readonly string[],
): Visible {
  if (count === 0 || height <= 0) return { first: 0, rows: [] };
  const at = Math.min(Math.max(0, selected), count - 1);
  const known = new Map<number, readonly string[]>();
  const lines = (item: number) => {
    const found = known.get(item) ?? linesOf(item);
    known.set(item, found);
    return found;
  };
  // The earliest first item with which the selected one fits.
  let earliest = at;
  let room = height - lines(at).length;
  while (earliest > 0 && room > 0 && earliest > first) {
    room -= lines(earliest - 1).length;
    if (room >= 0) earliest--;
  }
  const begin = Math.max(earliest, Math.min(first, at));
  const rows: { item: number; line: string }[] = [];
  for (let item = begin; item < count && rows.length < height; item++) {
    for (const line of lines(item)) if (rows.length < height) rows.push({ item, line });
  }
  return { first: begin, rows };
}
