/** BM25 (Robertson and Zaragoza, 2009) over a few texts, as a baseline that shares no code with the node's index. */

const saturation = 1.2
const lengthShare = 0.75

export function bm25(texts: readonly string[]): (query: string) => readonly number[] {
  const documents = texts.map(text => tokens(text))
  const meanLength = documents.reduce((sum, words) => sum + words.length, 0) / Math.max(1, documents.length)
  const frequency = new Map<string, number>()
  for (const words of documents)
    for (const word of new Set(words)) frequency.set(word, (frequency.get(word) ?? 0) + 1)
  const counts = documents.map(words => {
    const count = new Map<string, number>()
    for (const word of words) count.set(word, (count.get(word) ?? 0) + 1)
    return count
  })
  return query => {
    const wanted = new Set(tokens(query))
    const scores = counts.map((count, index) => {
      let score = 0
      for (const word of wanted) {
        const times = count.get(word) ?? 0
        const known = frequency.get(word) ?? 0
        const rarity = Math.log(1 + (documents.length - known + 0.5) / (known + 0.5))
        const length = (documents[index]?.length ?? 0) / Math.max(1, meanLength)
        score +=
          (rarity * times * (saturation + 1)) /
          (times + saturation * (1 - lengthShare + lengthShare * length))
      }
      return score
    })
    return ranking(scores)
  }
}

/** Indexes by score, best first; ties in the order of the texts. */
export function ranking(scores: readonly number[]): readonly number[] {
  return scores
    .map((score, index) => ({ score, index }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ index }) => index)
}

function tokens(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}
