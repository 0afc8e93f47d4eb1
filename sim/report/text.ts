/** Text and numbers as they stand in a page. Whatever comes from outside the report goes through here. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** As text, or as the value of an attribute in quotes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? '')
}

/** As the content of a script element: nothing in it can end the element or begin another one. */
export function embed(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** With a thin space between each three digits, and no more decimals than tell something. */
export function number(value: number): string {
  const size = Math.abs(value)
  const decimals = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  const [whole = '', part] = value.toFixed(decimals).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f')
  const rest = part?.replace(/0+$/, '')
  return rest === undefined || rest === '' ? grouped : `${grouped}.${rest}`
}

export function percent(share: number): string {
  const hundredths = share * 100
  // What is not all must not look as if it were.
  const text =
    hundredths < 100 && hundredths > 99
      ? (Math.floor(hundredths * 1_000) / 1_000).toString()
      : number(hundredths)
  return `${text}\u202f%`
}

export function milliseconds(ms: number): string {
  return ms < 1_000 ? `${number(ms)}\u202fms` : seconds(ms / 1_000)
}

export function seconds(s: number): string {
  if (s < 120) return `${number(s)}\u202fs`
  return s < 7_200
    ? `${number(Math.round(s / 6) / 10)}\u202fmin`
    : `${number(Math.round(s / 360) / 10)}\u202fh`
}

const units = ['B', 'kB', 'MB', 'GB', 'TB']

export function bytes(count: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3))
  return `${number(count / 1_000 ** power)}\u202f${units[power]}`
}
