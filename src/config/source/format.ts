import type { Diagnostic } from '../../errors.js';
import { escapeControls } from '../../text/describe.js';

/**
 * Formats diagnostics as text, one a line, in the form of compilers, which editors understand:
 * `ensemble.yaml:12:14: error: rules[1].action.label: unknown job group 'slep'; did you mean 'sleep'?`
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(formatDiagnostic).join('\n');
}

function formatDiagnostic({ severity, path, message, file, line, column }: Diagnostic): string {
  const place = [file, line, column].filter((part) => part !== null).join(':');
  const parts = [place, severity, path, message].filter((part) => part !== '');
  return escapeControls(parts.join(': '));
}
