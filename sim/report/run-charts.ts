/** The pictures of one run, from what was recorded of it. */

import type { Spreading } from '../arrivals.ts'
import type { Band, Recording, Sample } from '../recorder.ts'
import { type Axis, lineChart, type Series } from './charts.ts'
import { bytes, milliseconds, number, percent, seconds } from './text.ts'

/** What is lately, as a share of the run. */
const windowShare = 1 / 8

export function runCharts(recording: Recording): string {
  const { healedS, samples } = recording
  const lastS = samples.at(-1)?.atS ?? 1
  const firstS = Math.min(samples[0]?.atS ?? 0, lastS)
  const time: Axis = {
    name: 'simulated time',
    min: firstS,
    max: Math.max(lastS, firstS + 1),
    show: seconds,
    isTime: true,
  }
  const common = {
    x: time,
    isOverTime: true,
    marks: healedS === null ? [] : [{ at: healedS, word: 'faults end' }],
  }
  const ofBand = (name: string, colour: 1 | 2, pick: (sample: Sample) => Band | null): Series => {
    const known = samples.flatMap(sample => {
      const band = pick(sample)
      return band === null ? [] : [{ ...band, atS: sample.atS }]
    })
    return {
      name,
      colour,
      points: known.map(({ atS, middle }) => [atS, middle]),
      band: known.map(({ atS, high, low }) => [atS, low, high]),
    }
  }
  const share: Axis = { name: 'share', min: 0, max: 1, show: percent }
  const trust = [
    ofBand('correct peers', 1, one => one.honest),
    ofBand('hostile peers', 2, one => one.hostile),
  ]
  return [
    propagation(recording),
    deliveries(recording, common),
    lineChart({
      title: 'Bandwidth',
      about: 'Bytes that a node sends in a second, on average.',
      ...common,
      ...rates(samples),
    }),
    lineChart({
      title: 'Recall accuracy',
      about:
        'Of the questions asked lately, how many got an answer; and of those, how many got the right one first.',
      ...common,
      y: share,
      series: [
        { name: 'right', colour: 1, points: lately(samples, lastS - firstS, 'right', 'answered') },
        { name: 'answered', colour: 3, points: lately(samples, lastS - firstS, 'answered', 'recalls') },
      ],
    }),
    lineChart({
      title: 'Trust',
      about:
        'What a few correct nodes think of authors whose lessons were tried: the median, and where nine of ten opinions lie.',
      ...common,
      y: { ...share, name: 'trust', show: number },
      series: trust.filter(({ points }) => points.length > 0),
    }),
    lineChart({
      title: 'Store fill',
      about: 'Kept entries by capacity: the median node, and where nine of ten lie.',
      ...common,
      y: { ...share, max: ceiling(samples.map(({ fill }) => fill?.high ?? 0)) },
      series: [ofBand('fill', 1, one => one.fill)],
    }),
    lineChart({
      title: 'Nodes that run',
      about: 'Correct nodes that are on; the others are off, starting, or hostile.',
      ...common,
      y: { name: 'nodes', min: 0, max: Math.max(1, ...samples.map(({ running }) => running)), show: number },
      series: [
        { name: 'running', colour: 1, points: samples.map(one => [one.atS, one.running]), isStep: true },
      ],
    }),
  ].join('\n')
}

type Common = Pick<Parameters<typeof lineChart>[0], 'x' | 'isOverTime' | 'marks'>

function propagation({ known, stored }: Recording): string {
  const leastMs = Math.max(1, known.afterMs[0] ?? 1)
  const seriesOf = (name: string, colour: 1 | 3, { afterMs, share }: Spreading): Series => ({
    name,
    colour,
    points: afterMs.map((ms, at) => [ms, ((share ?? 0) * at) / 100]),
  })
  const shares = [known.share, stored.share].map(share => percent(share ?? 0))
  return lineChart({
    title: 'Propagation',
    about:
      `Of the announcements of lessons, and of the lessons themselves, how many had come to the other nodes after so long. ${known.share === null ? '' : `${shares.join(' and ')} came within a minute.`}`.trim(),
    x: {
      name: 'time since the lesson was published',
      min: 10 ** Math.floor(Math.log10(leastMs)),
      max: 60_000,
      show: milliseconds,
      isLog: true,
    },
    y: { name: 'share', min: 0, max: 1, show: percent },
    series: [seriesOf('announcements', 1, known), seriesOf('lessons', 3, stored)],
  })
}

function deliveries({ correctInAll, samples }: Recording, common: Common): string {
  const due = samples.map(({ atS, published }) => [atS, published * (correctInAll - 1)] as const)
  const known = samples.map(one => [one.atS, one.known] as const)
  const stored = samples.map(one => [one.atS, one.stored] as const)
  return lineChart({
    title: 'Deliveries',
    about:
      'Announcements of correct nodes that came to others, and the lessons that were then fetched and stored, in all; and how many it were if each had come to all at once. Of authors whom nobody knows yet a node stores only some.',
    ...common,
    y: {
      name: 'deliveries',
      min: 0,
      max: ceiling([...due, ...known, ...stored].map(([, count]) => count)),
      show: number,
    },
    series: [
      { name: 'if at once', colour: 4, points: due, isStep: true },
      { name: 'announcements', colour: 1, points: known },
      { name: 'lessons', colour: 3, points: stored },
    ],
  })
}

function rates(samples: readonly Sample[]): { readonly y: Axis; readonly series: readonly Series[] } {
  const points = samples.slice(1).map((sample, at) => {
    const before = samples[at] ?? sample
    return [
      sample.atS,
      (sample.sentBytes - before.sentBytes) / Math.max(0.1, sample.atS - before.atS),
    ] as const
  })
  const max = ceiling(points.map(([, rate]) => rate))
  return {
    y: { name: 'bytes a second', min: 0, max, show: rate => `${bytes(rate)}/s` },
    series: [{ name: 'sent', colour: 1, points }],
  }
}

type Counted = 'right' | 'answered' | 'recalls'

/** A share over a window that slides: a single recall is right or wrong. */
function lately(
  samples: readonly Sample[],
  spanS: number,
  part: Counted,
  whole: Counted,
): readonly (readonly [number, number])[] {
  const points: (readonly [number, number])[] = []
  let from = 0
  for (const sample of samples) {
    while ((samples[from]?.atS ?? sample.atS) < sample.atS - spanS * windowShare) from++
    const before = samples[from] ?? sample
    const count = sample[whole] - before[whole]
    if (count > 0) points.push([sample.atS, (sample[part] - before[part]) / count])
  }
  return points
}

/** A round number that is no less than any of them. */
function ceiling(values: readonly number[]): number {
  const most = values.reduce((max, value) => Math.max(max, value), 0)
  if (most === 0) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find(factor => factor * power >= most) ?? 10) * power
}
