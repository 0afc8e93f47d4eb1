/** Runs of a library's desk, and what a language model might answer to them. */

import type { RedactedEpisode } from '../../../../../node/ports.ts'
import { redacted, type Script, transcript } from '../episodes.ts'

/** A reader loses a book; the desk's tools, one refusal, and the way out. */
export function deskRun(task: string, reward = 1, name = 'Oksana Petrenko'): Script {
  return {
    task,
    reward,
    steps: [
      { rule: 'Always be polite to readers and wish them a pleasant afternoon at the end.' },
      { user: `My name is ${name} and I lost the blue atlas that I took home from you last spring.` },
      {
        tool: 'find_reader',
        arguments: { full_name: name },
        result: {
          reader_id: `rd-${task}77`,
          loans: [{ loan_id: `ln-${task}31`, title: 'Baedeker', fee: 45, shelf: 'under the back stairs' }],
        },
      },
      {
        tool: 'report_loss',
        arguments: { loan_id: 'Baedeker' },
        result: 'Error: loan not found',
      },
      { tool: 'report_loss', arguments: { loan_id: `ln-${task}31` }, result: { status: 'recorded' } },
    ],
  }
}

export function deskRuns(...tasks: readonly string[]): Promise<readonly RedactedEpisode[]> {
  return Promise.all(tasks.map(task => redacted(transcript(deskRun(task)))))
}

/** What a model that does as it was asked would answer. */
export const goodLesson = {
  kind: 'pitfall',
  situation: 'About to call `report_loss`, or it has just failed with "loan not found".',
  summary: 'The tool wants the identifier of the loan; what the reader calls the book is refused.',
  detail: 'find_reader.loans[].loan_id holds it.',
  action: 'Call `find_reader` first, and pass on the `loan_id` that stands there.',
  tools: [
    { name: 'report_loss', arguments: ['loan_id'] },
    { name: 'find_reader', arguments: [] },
  ],
  runs: [1],
}

export function answerText(...lessons: readonly object[]): string {
  return JSON.stringify({ lessons })
}
