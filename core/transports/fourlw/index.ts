/** Four-letter words: asking ({@link ask}) apart from understanding (`parse…`), so that recorded answers can be parsed too. */
export { ask, judge, type Answer, type AskOptions, type Word } from "./ask";
export {
  parseConf,
  parseCons,
  parseMntr,
  parseRuok,
  parseSrvr,
  type Client,
  type Mntr,
  type Mode,
  type Srvr,
} from "./parse";
