/**
 * What a lesson may be made of. A phrase is built from the distiller's own words and from names that are
 * checked here: tools, arguments, field paths, and errors without their values. The type `Allowed` keeps any
 * other string out: no value, no user's sentence and no prompt can get into a draft by mistake.
 */

declare const allowed: unique symbol
export type Allowed = string & { readonly [allowed]: true }

const TOOL_NAME = /^[A-Za-z_][\w.:/-]{0,63}$/
const FIELD_NAME = /^[A-Za-z_$@][\w$-]{0,47}$/
/** Names count things (`line_2`); four digits in a row are somebody's number. */
const LONG_NUMBER = /\d{4}/

export function toolWord(tool: string): Allowed | undefined {
  return TOOL_NAME.test(tool) && !LONG_NUMBER.test(tool) ? allow(`\`${tool}\``) : undefined
}

/** A path of field names such as `payment_methods[].id`. */
export function pathWord(path: string): Allowed | undefined {
  const fields = path.split('.').map(field => field.replace(/(?:\[\])+$/, ''))
  const good = fields.every(field => FIELD_NAME.test(field) && !LONG_NUMBER.test(field))
  return good && fields.length <= 8 ? allow(`\`${path}\``) : undefined
}

/** A tool's result at a path, or the whole of it where the path is empty. */
export function placeWord(tool: string, path: string): Allowed | undefined {
  const named = path.replace(/^(?:\[\])+\.?/, '')
  if (toolWord(tool) === undefined || (named !== '' && pathWord(named) === undefined)) return undefined
  const lists = path.startsWith('[]') ? '[]' : ''
  return allow(`\`${tool}${lists}${named === '' ? '' : `.${named}`}\``)
}

/** A template made by `errorTemplate`, which has taken the values out. */
export function errorWords(template: string): Allowed | undefined {
  return template === '' ? undefined : allow(`"${template}"`)
}

/** A word of an error's own template that is also a field's value, such as a state that the error asks for. */
export function stateWord(value: string | boolean, template: string): Allowed | undefined {
  if (typeof value === 'boolean') return allow(`\`${value}\``)
  return value.length >= 3 && template.includes(value.toLowerCase()) ? allow(`\`${value}\``) : undefined
}

/** A state that `Batch` has seen on many records with several asks: nobody's value. */
export function seenState(value: string | boolean): Allowed {
  return allow(`\`${value}\``)
}

/** Words with commas between them, and the given word before the last. */
export function listed(words: readonly Allowed[], last: 'and' | 'or' = 'and'): Allowed {
  const rest = words.slice(0, -1).join(', ')
  const end = words.at(-1) ?? ''
  return allow(rest === '' ? end : `${rest} ${last} ${end}`)
}

export function series(words: readonly Allowed[]): Allowed {
  return allow(words.join('; '))
}

/** Phrases one after the other, with a space between those that are not empty. */
export function joined(phrases: readonly Allowed[]): Allowed {
  return allow(phrases.filter(phrase => phrase !== '').join(' '))
}

/** One of a fixed set of words of the distiller's own. */
export function own<const Words extends string>(word: Words): Allowed {
  return allow(word)
}

/**
 * Text that somebody wrote, word for word. Only for facts, which are nothing but a question and its confirmed answer, and
 * for lessons that stay on this node.
 */
export function quotedText(text: string): Allowed {
  return allow(text)
}

export function say(texts: TemplateStringsArray, ...words: readonly Allowed[]): Allowed {
  return allow(texts.map((text, index) => text + (words[index] ?? '')).join(''))
}

function allow(text: string): Allowed {
  return text as Allowed
}

/** Verbs and particles that begin or join names of tools in any field; what is left says what a tool is about. */
const COMMON_NAME_PARTS = new Set(
  'get set list find search lookup look up update modify create make add remove delete cancel send read write fetch call run do check by for from to with in of on and or the a an all new is has id ids details detail info data tool tools api v1 v2 default execute request response unknown invalid'.split(
    ' ',
  ),
)

/** Topics of a lesson: the stems of its tools' names, else a general label. */
export function domainsOf(tools: readonly string[]): readonly string[] {
  const stems = new Set<string>()
  for (const tool of tools) {
    if (toolWord(tool) === undefined) continue
    for (const part of tool
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .toLowerCase()
      .split(/[^a-z]+/)) {
      if (part.length < 3 || COMMON_NAME_PARTS.has(part)) continue
      stems.add(/[^s]s$/.test(part) && part.length > 3 ? part.slice(0, -1) : part)
    }
  }
  return stems.size === 0 ? ['tools'] : [...stems].sort().slice(0, 16)
}
