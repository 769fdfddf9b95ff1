use std::fs::File;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{FORMAT_ID_ISOMP4, FORMAT_ID_OGG, FORMAT_ID_WAVE};
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;
use symphonia_adapter_libopus::OpusDecoder;

use super::mp4::{is_cut_off, read_edit};
use super::timeline::Timeline;
use crate::resample::KNOWN_RATES;
use crate::{CaptureError, Channel};

/// A recording that ends more than this before its stated end was cut off, in milliseconds. MP3 headers count in
/// frames of up to 72 ms.
const EARLY_MILLIS: i64 = 100;

/// A stretch of a recording at its own rate: silence for what could not be decoded, then samples.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) rate: u32,
    pub(super) silence: u64,
    pub(super) samples: Vec<f32>,
}

/// How a recording ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// Where it said it would.
    Whole,
    /// Earlier, or in the middle, for this reason.
    Early(String),
}

/// A recording being decoded: packets of its one audible track become blocks of one channel.
pub(super) struct Decoding {
    path: PathBuf,
    channel: Channel,
    reader: Box<dyn FormatReader>,
    track: Playing,
    interleaved: Vec<f32>,
    bad_packets: u64,
    /// Whether any sound has been decoded.
    has_sound: bool,
}

/// The track that is played.
struct Playing {
    id: u32,
    decoder: Box<dyn AudioDecoder>,
    stamps: Stamps,
    rate: u32,
    timeline: Timeline,
}

/// What the container says of a track's time, in its own ticks.
#[derive(Clone, Copy, Debug)]
struct Stamps {
    base: TimeBase,
    origin: i64,
    /// The stamp that an edit list cuts the sound off at.
    cut: Option<i64>,
    /// The stamp after the last sound, if the container knows.
    end: Option<i64>,
    /// Whether `end` was written down, or estimated from a bit rate.
    is_exact: bool,
}

impl Stamps {
    fn to_samples(self, ticks: i64, rate: u32) -> i64 {
        let (numer, denom) = (i128::from(self.base.numer.get()), i128::from(self.base.denom.get()));
        let samples = (i128::from(ticks) * numer * i128::from(rate) + denom / 2).div_euclid(denom);
        samples.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    fn length(self, ticks: u64, rate: u32) -> u64 {
        self.to_samples(ticks.min(i64::MAX as u64) as i64, rate) as u64
    }

    fn timeline(self, origin: i64, rate: u32) -> Timeline {
        Timeline::new(self.to_samples(origin, rate), self.cut.map(|cut| self.to_samples(cut, rate)), rate)
    }
}

impl Decoding {
    pub(super) fn open(path: &Path, channel: Channel) -> Result<Decoding, CaptureError> {
        let (reader, track) = guard(path, || {
            let reader = open_reader(path)?;
            let track = open_track(path, channel, reader.as_ref())?;
            Ok((reader, track))
        })?;
        Ok(Decoding {
            path: path.to_owned(),
            channel,
            reader,
            track,
            interleaved: Vec::new(),
            bad_packets: 0,
            has_sound: false,
        })
    }

    /// The rate of the samples to come.
    pub(super) fn rate(&self) -> u32 {
        self.track.rate
    }

    /// Packets that could not be decoded so far.
    pub(super) fn bad_packets(&self) -> u64 {
        self.bad_packets
    }

    /// The length of the track in seconds, where the container knows or can estimate it.
    pub(super) fn stated_secs(&self) -> Option<f64> {
        let Stamps { base, origin, end, .. } = self.track.stamps;
        let ticks = end?.saturating_sub(origin).max(0) as f64;
        Some(ticks * f64::from(base.numer.get()) / f64::from(base.denom.get()))
    }

    /// Decodes the next stretch into `block`, or says how the recording ended; then `block` holds the silence that
    /// is still owed. Fails only where nothing has been heard.
    pub(super) fn next(&mut self, block: &mut Block) -> Result<Option<Ending>, CaptureError> {
        let path = self.path.clone();
        match guard(&path, || self.advance(block)) {
            Err(error) if self.has_sound => Ok(Some(Ending::Early(error.to_string()))),
            result => result,
        }
    }

    fn advance(&mut self, block: &mut Block) -> Result<Option<Ending>, CaptureError> {
        block.samples.clear();
        block.silence = 0;
        loop {
            block.rate = self.track.rate;
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id != self.track.id => {}
                Ok(Some(packet)) => {
                    self.decode(packet, block)?;
                    if !block.samples.is_empty() {
                        self.has_sound = true;
                        return Ok(None);
                    }
                }
                Ok(None) => return self.end(block, None),
                // A chained OGG: another recording follows in the same file.
                Err(Error::ResetRequired) => {
                    block.silence += self.track.timeline.finish();
                    self.track = open_track(&self.path, self.channel, self.reader.as_ref())?;
                    return Ok(None);
                }
                Err(error) => return self.end(block, Some(error)),
            }
        }
    }

    fn end(&self, block: &mut Block, error: Option<Error>) -> Result<Option<Ending>, CaptureError> {
        let Playing { stamps, timeline, rate, .. } = &self.track;
        block.silence += timeline.finish();
        let missing = match stamps.end {
            Some(end) if stamps.is_exact => stamps.to_samples(end, *rate).saturating_sub(timeline.reached()),
            _ => 0,
        };
        let early = match error {
            Some(Error::IoError(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Some(error.to_string()),
            // A WAV written into a pipe does not know its length: it ends where it ends.
            Some(Error::IoError(_)) if stamps.end.is_none() && self.is_wave() => None,
            Some(Error::IoError(_)) => Some("the rest of the file is missing".to_owned()),
            Some(error) => Some(reason(&error)),
            None if missing > i64::from(*rate) * EARLY_MILLIS / 1000 => {
                Some(format!("{:.1} s more were announced", missing as f64 / f64::from(*rate)))
            }
            None => None,
        };
        if self.has_sound {
            return Ok(Some(early.map_or(Ending::Whole, Ending::Early)));
        }
        let reason = early.unwrap_or_else(|| "it holds no sound".to_owned());
        Err(CaptureError::Damaged { path: self.path.clone(), reason })
    }

    fn is_wave(&self) -> bool {
        self.reader.format_info().format == FORMAT_ID_WAVE
    }

    /// Decodes a packet and lays it on the timeline; one that cannot be decoded is counted and leaves its length.
    fn decode(&mut self, mut packet: Packet, block: &mut Block) -> Result<(), CaptureError> {
        let Playing { decoder, stamps, rate, timeline, .. } = &mut self.track;
        let block_length = packet.block_dur().get();
        let (trim_start, trim_end) = (packet.trim_start.get(), packet.trim_end.get());
        // The timeline cuts, for all codecs alike; a decoder that trimmed as well would shift what it cuts.
        packet.trim_start = Default::default();
        packet.trim_end = Default::default();
        self.interleaved.clear();
        let mut channels = 1;
        match decoder.decode(&packet) {
            Ok(decoded) => {
                let spec = decoded.spec();
                channels = spec.channels().count().max(1);
                check_channel(&self.path, self.channel, channels)?;
                if spec.rate() != *rate {
                    *rate = known_rate(&self.path, spec.rate())?;
                    let origin = if timeline.begun() { packet.pts.get() } else { stamps.origin };
                    *timeline = stamps.timeline(origin, *rate);
                }
                decoded.copy_to_vec_interleaved(&mut self.interleaved);
            }
            Err(_) => self.bad_packets += 1,
        }
        let lay = timeline.lay(
            stamps.to_samples(packet.pts.get(), *rate),
            self.interleaved.len() / channels,
            stamps.length(block_length, *rate),
            stamps.length(trim_start, *rate),
            stamps.length(trim_end, *rate),
        );
        block.rate = *rate;
        block.silence += lay.silence;
        let heard = self.interleaved.chunks_exact(channels).skip(lay.skip).take(lay.keep);
        block.samples.extend(heard.map(|samples| self.channel.pick(samples)));
        Ok(())
    }
}

/// Runs a part of the decoder library, which panics on some damaged headers. What panicked is not used again: the
/// recording ends with the error.
fn guard<T>(path: &Path, run: impl FnOnce() -> Result<T, CaptureError>) -> Result<T, CaptureError> {
    let failed = |_| Err(CaptureError::Damaged { path: path.to_owned(), reason: "its reader failed".to_owned() });
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(failed)
}

fn open_reader(path: &Path) -> Result<Box<dyn FormatReader>, CaptureError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => CaptureError::NoSuchFile { path: path.to_owned() },
        _ => CaptureError::Unreadable { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(CaptureError::IsFolder { path: path.to_owned() });
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(CaptureError::EmptyFile { path: path.to_owned() });
    }
    let reader = probe(path, Box::new(file))?;
    let is_cut_off = || File::open(path).is_ok_and(|mut file| is_cut_off(&mut file));
    if reader.format_info().format == FORMAT_ID_ISOMP4 && is_cut_off() {
        // Where the reader can look for the end it gives up a cut sound entirely; where it cannot, it reads on.
        return probe(path, Box::new(ReadOnlySource::new(File::open(path).map_err(unreadable)?)));
    }
    Ok(reader)
}

fn probe(path: &Path, source: Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, CaptureError> {
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
        hint.with_extension(extension);
    }
    let stream = MediaSourceStream::new(source, Default::default());
    let probe = symphonia::default::get_probe();
    probe.probe(&hint, stream, FormatOptions::default(), Default::default()).map_err(|error| match error {
        Error::Unsupported(reason) if reason.starts_with("core (probe)") => {
            CaptureError::UnknownFormat { path: path.to_owned() }
        }
        error => CaptureError::Damaged { path: path.to_owned(), reason: reason(&error) },
    })
}

/// What the library says, without the kind of error that it puts before it.
fn reason(error: &Error) -> String {
    match error {
        Error::DecodeError(reason) | Error::Unsupported(reason) => (*reason).to_owned(),
        error => error.to_string(),
    }
}

fn open_track(path: &Path, channel: Channel, reader: &dyn FormatReader) -> Result<Playing, CaptureError> {
    let no_track = || CaptureError::NoAudioTrack { path: path.to_owned() };
    let unknown = |reason: &str| CaptureError::UnknownCodec { path: path.to_owned(), reason: reason.to_owned() };
    let track = reader.default_track(TrackType::Audio).ok_or_else(no_track)?;
    let Some(CodecParameters::Audio(params)) = &track.codec_params else { return Err(no_track()) };
    if let Some(channels) = &params.channels {
        check_channel(path, channel, channels.count())?;
    }
    let rate = known_rate(path, params.sample_rate.ok_or_else(|| unknown("it states no sample rate"))?)?;
    let decoder = make_decoder(params).map_err(|error| unknown(&reason(&error)))?;
    let stamps = read_stamps(path, reader, track, params).ok_or_else(|| unknown("it states no time base"))?;
    Ok(Playing { id: track.id, decoder, stamps, rate, timeline: stamps.timeline(stamps.origin, rate) })
}

fn make_decoder(params: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Error> {
    let mut codecs = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut codecs);
    codecs.register_audio_decoder::<OpusDecoder>();
    if codecs.get_audio_decoder(params.codec).is_none() {
        return Err(Error::Unsupported("its codec is none of PCM, FLAC, MP3, Vorbis, Opus and AAC"));
    }
    let mut params = params.clone();
    if params.codec == CODEC_ID_OPUS {
        // Without its header the decoder does not drop the pre-skip, which it would count in the first packet only.
        params.extra_data = None;
    }
    codecs.make_audio_decoder(&params, &AudioDecoderOptions::default().gapless(false))
}

/// Where the sound of a track begins and ends; each container says it in its own way.
fn read_stamps(path: &Path, reader: &dyn FormatReader, track: &Track, params: &AudioCodecParameters) -> Option<Stamps> {
    let base = track.time_base?;
    let delay = i64::from(track.delay.unwrap_or(0));
    let first = track.start_ts.get();
    let format = reader.format_info().format;
    let edit = (format == FORMAT_ID_ISOMP4).then(|| read_edit(&mut File::open(path).ok()?, track.id)).flatten();
    let origin = match params.codec {
        // RFC 7845: the stamps count the pre-skip, which is not to be heard.
        CODEC_ID_OPUS if format == FORMAT_ID_OGG => first.max(0).saturating_add(delay),
        // Vorbis stamps begin below zero with what is not to be heard; a cut stream begins above.
        _ if format == FORMAT_ID_OGG => first.saturating_add(delay).max(0),
        _ => edit.map_or(first, |edit| edit.start),
    };
    let stated = track.duration.map(|ticks| ticks.get()).or(track.num_frames);
    let stated = stated.and_then(|ticks| i64::try_from(ticks).ok()).filter(|ticks| *ticks > 0);
    let cut = edit.and_then(|edit| edit.end);
    let end = [stated, cut].into_iter().flatten().min();
    let is_mpeg = [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3].contains(&params.codec);
    Some(Stamps { base, origin, cut, end, is_exact: !is_mpeg || track.delay.is_some() })
}

fn known_rate(path: &Path, rate: u32) -> Result<u32, CaptureError> {
    if KNOWN_RATES.contains(&rate) {
        Ok(rate)
    } else {
        let reason = format!("a sample rate of {rate} Hz");
        Err(CaptureError::UnknownCodec { path: path.to_owned(), reason })
    }
}

fn check_channel(path: &Path, channel: Channel, channels: usize) -> Result<(), CaptureError> {
    let channels = u16::try_from(channels).unwrap_or(u16::MAX);
    match channel.missing_from(channels) {
        Some(wanted) => Err(CaptureError::NoSuchChannel { source_name: path.display().to_string(), wanted, channels }),
        None => Ok(()),
    }
}
