/**
 * The names of a pending call's arguments, as far as its text tells them. A streaming model is asked about a call
 * before its JSON is whole, and people type a call by hand: what is cut off, or no JSON, is read up to where it goes.
 */

/** Beyond this nothing is read: the names of a call stand early, and a lesson names few of them. */
const textLengthMax = 100_000
const namesMax = 40

/** Of an object only its own keys; of `name=value, …` the names. Linear in the text. */
export function argumentNames(text: string | undefined): readonly string[] {
  const names = new Set<string>()
  const given = (text ?? '').slice(0, textLengthMax).trimStart()
  // Keys stand where an object, or a list of names with values, has just begun or gone on.
  const top = given.startsWith('{') || given.startsWith('(') ? 1 : 0
  let depth = 0
  let isKeyNext = top === 0
  for (const [token] of given.matchAll(tokens)) {
    if (names.size === namesMax) break
    if (/^[{[(]/.test(token)) isKeyNext = ++depth === top
    else if (/^[)\]}]/.test(token)) depth--
    else if (token === ',') isKeyNext = depth === top
    else if (isKeyNext) {
      isKeyNext = false
      const name = keyOf(token, top)
      if (name !== undefined) names.add(name)
    }
  }
  return [...names]
}

/** Brackets, commas, and strings or bare words with the colon or equals sign that makes them keys. */
const tokens =
  /[{}[\](),]|"(?:[^"\\]|\\[\s\S])*"?\s*[:=]?|'(?:[^'\\]|\\[\s\S])*'?\s*[:=]?|[^\s{}[\](),"':=]+\s*[:=]?/g

/** In an object a quoted key is whole without its colon, where the text ends there; of a bare word that is not known. */
function keyOf(token: string, top: number): string | undefined {
  const hasSign = /[:=]$/.test(token)
  const name = (hasSign ? token.slice(0, -1) : token).trimEnd()
  const mark = name.charAt(0)
  if (mark !== '"' && mark !== "'") return hasSign ? name : undefined
  if (top === 0 && !hasSign) return undefined
  if (name.length < 3 || !name.endsWith(mark)) return undefined
  return mark === '"' ? unescaped(name) : name.slice(1, -1)
}

function unescaped(quoted: string): string | undefined {
  try {
    const value: unknown = JSON.parse(quoted)
    return typeof value === 'string' ? value : undefined
  } catch {
    // No JSON string: a name that nothing could match.
    return undefined
  }
}
