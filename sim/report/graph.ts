/**
 * The swarm as a graph that can be scrubbed through time. The first moment is drawn without a script; the script only moves
 * the lines, and marks the same moment in the charts over time.
 */

import type { Recording } from '../recorder.ts'
import { layout } from './layout.ts'
import { embed, escaped } from './text.ts'

const size = 640
const margin = 34
const namedMax = 40

export function graph({ nodes, nodesInAll, snapshots }: Recording): string {
  const [first] = snapshots
  if (first === undefined || nodes.length < 2) return ''
  const places = layout(nodes.length, snapshots).map(([x, y]) => [place(x), place(y)] as const)
  const some = nodes.length < nodesInAll ? ` ${nodes.length} of ${nodesInAll} nodes are shown.` : ''
  const isOff = new Set(first.off)
  const circles = nodes.map(({ isHostile, name }, at) => {
    const [x, y] = places[at] ?? [0, 0]
    const kind = `${isHostile ? 'hostile' : ''}${isOff.has(at) ? ' off' : ''}`.trim()
    const label =
      nodes.length <= namedMax
        ? `<text x="${x}" y="${y - 10}" text-anchor="middle">${escaped(name)}</text>`
        : ''
    return `<circle class="${kind}" cx="${x}" cy="${y}" r="${nodes.length > namedMax ? 5 : 7}"><title>${escaped(name)}</title></circle>${label}`
  })
  const hostile = nodes.some(({ isHostile }) => isHostile) ? '<li class="c2">hostile node</li>' : ''
  return `<figure class="graph">
<figcaption><h3>The swarm</h3><p>Who is connected to whom; gossip flows over the strong lines. Nodes that are connected for long stand near each other.${escaped(some)}</p></figcaption>
<ul class="legend"><li class="c1">node</li>${hostile}<li class="off">off</li></ul>
<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="Graph of the swarm"><path class="links" d="${path(first.links, places)}"/><path class="mesh" d="${path(first.mesh, places)}"/>${circles.join('')}</svg>
<div class="scrub"><button type="button" id="play">Play</button><input type="range" id="at" min="0" max="${snapshots.length - 1}" value="0" step="1" aria-label="Moment of the run"><output id="when" for="at">${first.atS} s</output></div>
<noscript><p class="soft">Without scripts only the first moment is shown.</p></noscript>
</figure>
<script type="application/json" id="moments">${embed({ places, snapshots })}</script>`
}

function place(share: number): number {
  return Math.round(margin + share * (size - 2 * margin))
}

function path(pairs: readonly number[], places: readonly (readonly [number, number])[]): string {
  const parts: string[] = []
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const [fromX, fromY] = places[pairs[at] ?? 0] ?? [0, 0]
    const [toX, toY] = places[pairs[at + 1] ?? 0] ?? [0, 0]
    parts.push(`M${fromX} ${fromY}L${toX} ${toY}`)
  }
  return parts.join('')
}

/** Runs in a browser; it changes attributes only and makes no element out of text. */
export const graphScript = `
'use strict'
const moments = document.getElementById('moments')
if (moments !== null) {
  const { places, snapshots } = JSON.parse(moments.textContent)
  const slider = document.getElementById('at')
  const button = document.getElementById('play')
  const circles = document.querySelectorAll('.graph circle')
  const draw = pairs => {
    let path = ''
    for (let at = 0; at + 1 < pairs.length; at += 2)
      path += 'M' + places[pairs[at]].join(' ') + 'L' + places[pairs[at + 1]].join(' ')
    return path
  }
  const show = number => {
    const { atS, links, mesh, off } = snapshots[number]
    document.querySelector('.graph .links').setAttribute('d', draw(links))
    document.querySelector('.graph .mesh').setAttribute('d', draw(mesh))
    circles.forEach((circle, at) => circle.classList.toggle('off', off.includes(at)))
    const when = atS + ' s'
    document.getElementById('when').textContent = when
    slider.setAttribute('aria-valuetext', when)
    for (const line of document.querySelectorAll('.now')) {
      const { from, to, left, right } = line.dataset
      const x = Number(left) + ((atS - from) / (to - from)) * (right - left)
      line.setAttribute('x1', x)
      line.setAttribute('x2', x)
    }
  }
  let timer
  const stop = () => {
    clearInterval(timer)
    timer = undefined
    button.textContent = 'Play'
  }
  const step = () => {
    if (Number(slider.value) >= snapshots.length - 1) return stop()
    slider.value = Number(slider.value) + 1
    show(Number(slider.value))
  }
  slider.addEventListener('input', () => {
    stop()
    show(Number(slider.value))
  })
  button.addEventListener('click', () => {
    if (timer !== undefined) return stop()
    if (Number(slider.value) >= snapshots.length - 1) slider.value = 0
    show(Number(slider.value))
    button.textContent = 'Pause'
    timer = setInterval(step, 350)
  })
  show(0)
}
`
