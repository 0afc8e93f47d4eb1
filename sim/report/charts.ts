/** Pictures of numbers, as SVG that needs no script: lines and bands over an axis, and bars of how often what came. */

import { escaped } from './text.ts'

type Point = readonly [x: number, y: number]

export interface Series {
  readonly name: string
  /** Which of the page's colours it has. */
  readonly colour: 1 | 2 | 3 | 4
  readonly points: readonly Point[]
  /** What lies between: x, and the low and the high y. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[]
  /** The value holds until the next one. */
  readonly isStep?: boolean
}

export interface Axis {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly show: (value: number) => string
  readonly isLog?: boolean
  /** Its values are seconds, and its steps are what people count time in. */
  readonly isTime?: boolean
}

export interface Chart {
  readonly title: string
  /** What it shows, in a sentence. */
  readonly about: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
  /** Vertical lines with a word. */
  readonly marks?: readonly { readonly at: number; readonly word: string }[]
  /** Its x is the simulated time, so that it can show which moment the graph shows. */
  readonly isOverTime?: boolean
}

const width = 480
const height = 240
const left = 68
const right = 14
const top = 22
const bottom = 42
const ticksAtMost = 5
const timeSteps = [
  2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800,
]

export function lineChart(chart: Chart): string {
  const { about, series, title } = chart
  const hasData = series.some(({ band, points }) => points.length > 0 || (band?.length ?? 0) > 0)
  const legend = series.length > 1 ? legendOf(series) : ''
  const body = hasData ? plot(chart) : '<p class="none">Nothing of this happened in the run.</p>'
  return `<figure><figcaption><h3>${escaped(title)}</h3><p>${escaped(about)}</p></figcaption>${legend}${body}</figure>`
}

function legendOf(series: readonly Series[]): string {
  const items = series.map(({ colour, name }) => `<li class="c${colour}">${escaped(name)}</li>`)
  return `<ul class="legend">${items.join('')}</ul>`
}

function plot({ isOverTime, marks = [], series, title, x, y }: Chart): string {
  const px = placer(x, left, width - right)
  const py = placer(y, height - bottom, top)
  const parts: string[] = []
  for (const value of ticks(y))
    parts.push(
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${py(value)}" y2="${py(value)}"/>`,
      `<text x="${left - 7}" y="${py(value) + 4}" text-anchor="end">${escaped(y.show(value))}</text>`,
    )
  for (const value of ticks(x))
    parts.push(
      `<line class="tick" x1="${px(value)}" x2="${px(value)}" y1="${height - bottom}" y2="${height - bottom + 4}"/>`,
      `<text x="${px(value)}" y="${height - bottom + 18}" text-anchor="middle">${escaped(x.show(value))}</text>`,
    )
  parts.push(
    `<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>`,
    `<text class="name" x="${(left + width - right) / 2}" y="${height - 3}" text-anchor="middle">${escaped(x.name)}</text>`,
  )
  for (const { at, word } of marks) {
    const isLate = px(at) > width - right - 110
    parts.push(
      `<line class="mark" x1="${px(at)}" x2="${px(at)}" y1="${top}" y2="${height - bottom}"/>`,
      `<text class="word" x="${px(at) + (isLate ? -4 : 4)}" y="${top - 8}" text-anchor="${isLate ? 'end' : 'start'}">${escaped(word)}</text>`,
    )
  }
  for (const { band, colour, isStep, points } of series) {
    if (band !== undefined && band.length > 1) {
      const edge = [
        ...band.map(([at, , high]) => `${px(at)},${py(high)}`),
        ...band.toReversed().map(([at, low]) => `${px(at)},${py(low)}`),
      ]
      parts.push(`<polygon class="band c${colour}" points="${edge.join(' ')}"/>`)
    }
    if (points.length === 1)
      for (const [at, value] of points)
        parts.push(`<circle class="dot c${colour}" cx="${px(at)}" cy="${py(value)}" r="3"/>`)
    const path = points.map(([at, value], number) => {
      const to = `${px(at)} ${py(value)}`
      return number === 0 ? `M${to}` : isStep ? `H${px(at)}V${py(value)}` : `L${to}`
    })
    parts.push(`<path class="line c${colour}" d="${path.join('')}"/>`)
  }
  if (isOverTime)
    parts.push(
      `<line class="now" data-from="${x.min}" data-to="${x.max}" data-left="${left}" data-right="${width - right}" x1="-9" x2="-9" y1="${top}" y2="${height - bottom}"/>`,
    )
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`${title}: ${y.name} by ${x.name}`)}">${parts.join('')}</svg>`
}

/** How often values lie where: bars from the least to the most. */
export function histogram(title: string, values: readonly number[], show: (value: number) => string): string {
  const from = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  const to = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const head = `<figcaption><h3>${escaped(title)}</h3></figcaption>`
  if (values.length === 0) return `<figure>${head}<p class="none">No run has this figure.</p></figure>`
  if (from === to)
    return `<figure>${head}<p class="none">${escaped(show(from))} in each of ${values.length} runs.</p></figure>`
  const bins = new Array<number>(Math.min(24, Math.max(6, Math.ceil(Math.sqrt(values.length))))).fill(0)
  for (const value of values) {
    const at = Math.min(bins.length - 1, Math.floor(((value - from) / (to - from)) * bins.length))
    bins[at] = (bins[at] ?? 0) + 1
  }
  const most = bins.reduce((max, count) => Math.max(max, count), 0)
  const x: Axis = { name: '', min: 0, max: bins.length, show: () => '' }
  const y: Axis = { name: 'runs', min: 0, max: most, show: value => `${value}` }
  const px = placer(x, left, width - right)
  const py = placer(y, height - bottom, top)
  const bars = bins.map((count, at) => {
    const span = `${escaped(show(from + ((to - from) * at) / bins.length))} to ${escaped(show(from + ((to - from) * (at + 1)) / bins.length))}: ${count}`
    return `<rect class="bar" x="${px(at) + 1}" width="${round(px(at + 1) - px(at) - 2)}" y="${py(count)}" height="${round(height - bottom - py(count))}"><title>${span}</title></rect>`
  })
  const counts = ticks({ ...y, isLog: false }).filter(Number.isInteger)
  const grid = counts.map(
    count =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${py(count)}" y2="${py(count)}"/><text x="${left - 7}" y="${py(count) + 4}" text-anchor="end">${count}</text>`,
  )
  const ends = `<text x="${left}" y="${height - bottom + 17}">${escaped(show(from))}</text><text x="${width - right}" y="${height - bottom + 17}" text-anchor="end">${escaped(show(to))}</text>`
  return `<figure>${head}<svg viewBox="0 0 ${width} ${height - 14}" role="img" aria-label="${escaped(`${title} over all runs`)}">${grid.join('')}${bars.join('')}<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>${ends}</svg></figure>`
}

/** Where a value stands between two places of the picture. */
function placer({ isLog, max, min }: Axis, from: number, to: number): (value: number) => number {
  const scale = isLog ? (value: number) => Math.log10(Math.max(value, min)) : (value: number) => value
  const span = scale(max) - scale(min)
  return value => {
    const share = span === 0 ? 0 : (scale(Math.min(max, Math.max(min, value))) - scale(min)) / span
    return round(from + share * (to - from))
  }
}

/** Round values within the axis: steps of 1, 2 or 5 of a power of ten, or the powers themselves. */
function ticks({ isLog, isTime, max, min }: Axis): readonly number[] {
  if (!(max > min)) return [min]
  if (isLog) {
    const powers: number[] = []
    for (let power = Math.ceil(Math.log10(min) - 1e-9); 10 ** power <= max * (1 + 1e-9); power++)
      powers.push(10 ** power)
    return (powers.at(-1) ?? max) * 2 < max ? [...powers, max] : powers
  }
  const least = (max - min) / ticksAtMost
  const power = 10 ** Math.floor(Math.log10(least))
  const steps = isTime && least > 1 ? timeSteps : [1, 2, 5, 10].map(factor => factor * power)
  const step = steps.find(one => one >= least * (1 - 1e-9)) ?? least
  const first = Math.ceil(min / step - 1e-9)
  const last = Math.floor(max / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
