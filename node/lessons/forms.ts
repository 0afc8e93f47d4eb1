/**
 * The same value in other clothes: dates in words or digits, numbers with signs of currency and groups, small
 * numbers as words. Everything general and of bounded cost; nothing here knows a domain.
 */

export interface DayOfYear {
  readonly month: number
  readonly day: number
  readonly year: number | undefined
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\\.?'
const DAY = '(\\d{1,2})(?:st|nd|rd|th)?'
const YEAR = '(?:,?\\s{1,2}(?:of\\s)?(\\d{4})(?!\\d))?'
const MONTH_FIRST = new RegExp(`\\b${MONTH}\\s{1,2}(?:the\\s)?${DAY}\\b${YEAR}`, 'gi')
const DAY_FIRST = new RegExp(`\\b${DAY}\\s{1,2}(?:of\\s)?${MONTH}\\b${YEAR}`, 'gi')
const ISO = /(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/g
/** Day and month, in whichever order is possible: `5/20/2024`, `20.5.2024`, `5/20`. */
const NUMERIC = /(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})(?:\2(\d{4}|\d{2}))?(?![\d/-])/g
const DATES_MAX = 2_000

/** Every reading of every date in a text. A date that can be read in two orders is given in both. */
export function datesIn(text: string): readonly DayOfYear[] {
  const dates: DayOfYear[] = []
  const add = (month: number, day: number, year: string | undefined): void => {
    if (month < 1 || month > 12 || day < 1 || day > 31 || dates.length >= DATES_MAX) return
    dates.push({ month, day, year: year === undefined ? undefined : fullYear(Number(year)) })
  }
  for (const [, name, day, year] of text.matchAll(MONTH_FIRST)) add(monthOf(name), Number(day), year)
  for (const [, day, name, year] of text.matchAll(DAY_FIRST)) add(monthOf(name), Number(day), year)
  for (const [, year, month, day] of text.matchAll(ISO)) add(Number(month), Number(day), year)
  for (const [, a, sign, b, year] of text.matchAll(NUMERIC)) {
    // `1.50` is a price and `3-4` a range: without a year only a slash makes a date.
    if (year === undefined && sign !== '/') continue
    add(Number(a), Number(b), year)
    if (a !== b) add(Number(b), Number(a), year)
  }
  return dates
}

function fullYear(year: number): number {
  if (year >= 100) return year
  return year < 50 ? 2000 + year : 1900 + year
}

function monthOf(name: string | undefined): number {
  return MONTHS.indexOf((name ?? '').toLowerCase().slice(0, 3)) + 1
}

/** A value that is a date as a whole, with or without a time after it. */
export function dateOf(value: string): DayOfYear | undefined {
  if (value.length < 5 || value.length > 40) return undefined
  const bare = value.trim().replace(/[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$/, '')
  if (
    !/^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|[A-Za-z]{3,9}\.? \d.*|\d{1,2}.{0,6}[A-Za-z]{3,9}.*)$/.test(
      bare,
    )
  )
    return undefined
  return datesIn(bare)[0]
}

/** The same day, where one of them may not say the year. */
export function sameDay(a: DayOfYear, b: DayOfYear): boolean {
  const years = a.year === undefined || b.year === undefined || a.year === b.year
  return years && a.month === b.month && a.day === b.day
}

const FIGURE =
  /(?<![\w.])[-−]?[$€£¥]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?(?![\w])|(?<![\w.])[-−]?[$€£¥]?\d+(?:\.\d+)?(?:%|k\b)?(?!\w)/g
const WORDS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')
const FIGURES_MAX = 5_000

/** Numbers in a text, with small ones that are written as words. */
export function numbersIn(text: string): ReadonlySet<number> {
  const numbers = new Set<number>()
  for (const [figure] of text.matchAll(FIGURE)) {
    if (numbers.size >= FIGURES_MAX) break
    numbers.add(numberOf(figure) ?? Number.NaN)
  }
  for (const [word] of text.toLowerCase().matchAll(/\b[a-z]{3,6}\b/g)) {
    const small = WORDS.indexOf(word)
    if (small >= 0) numbers.add(small)
  }
  return numbers
}

/** A text that is nothing but a number: `$1,234.50`, `12 %`, `1 200`. */
export function numberOf(text: string): number | undefined {
  const bare = text
    .trim()
    .replace(/^([-−]?)[$€£¥]/, '$1')
    .replace(/\s?%$/, '')
    .replace('−', '-')
  if (!/^-?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?$|^-?\d+(?:\.\d+)?$/.test(bare)) return undefined
  const value = Number(bare.replace(/[,' ]/g, ''))
  return Number.isFinite(value) ? value : undefined
}
