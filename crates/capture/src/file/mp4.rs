use std::io::{self, Read, Seek, SeekFrom};

/// The movie box of a recording is an index of its packets: 4 bytes or a little more for each, which is 3 MB for
/// four hours. No more is read.
const MAX_MOVIE_BYTES: u64 = 64 << 20;

/// What of an MP4 track is played: AAC encoders put their delay before it and padding after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The stamp of the first sound, in the track's ticks; negative when the sound begins later than the movie.
    pub(super) start: i64,
    /// The stamp after the last sound, in the track's ticks.
    pub(super) end: Option<i64>,
}

/// Reads the edit list of the track with the id `track` in an MP4 or M4A file.
///
/// The decoder library yields every packet of a track and leaves edits to the caller. Only what encoders write is
/// understood: empty edits first (the sound begins later), then one edit of media. Of a longer list, which an
/// editing program may write, the start alone is taken and the track is played in full. `None` where the file has
/// no list for the track or is not readable: then it is played from its first packet.
///
/// The boxes are those of ISO/IEC 14496-12: `moov` holds `mvhd` and for each track `trak`, which holds `tkhd`,
/// `edts/elst` and `mdia/mdhd`.
pub(super) fn read_edit(file: &mut (impl Read + Seek), track: u32) -> Option<Edit> {
    let movie = read_movie(file).ok()??;
    let movie_scale = header_number(find(&movie, b"mvhd")?)?;
    let has_id = |body: &&[u8]| find(body, b"tkhd").and_then(header_number) == Some(track);
    let body = boxes(&movie).filter(|(kind, _)| *kind == b"trak").map(|(_, body)| body).find(has_id)?;
    let media_scale = header_number(find(find(body, b"mdia")?, b"mdhd")?)?;
    understand(&entries(find(find(body, b"edts")?, b"elst")?)?, movie_scale, media_scale)
}

/// Whether a box reaches beyond the end of the file, as in a download that broke off.
pub(super) fn is_cut_off(file: &mut (impl Read + Seek)) -> bool {
    let Ok(end) = file.seek(SeekFrom::End(0)).and_then(|end| file.rewind().map(|()| end)) else { return false };
    while let Ok((_, Some(length))) = read_header(file) {
        match file.stream_position() {
            Ok(body) if body.checked_add(length).is_none_or(|body_end| body_end > end) => return true,
            Ok(body) if file.seek(SeekFrom::Start(body + length)).is_ok() => {}
            _ => return false,
        }
    }
    false
}

/// The body of the movie box, which may lie behind hours of sound.
fn read_movie(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    loop {
        let (kind, length) = read_header(file)?;
        if &kind == b"moov" {
            let mut movie = Vec::new();
            file.take(length.unwrap_or(u64::MAX).min(MAX_MOVIE_BYTES)).read_to_end(&mut movie)?;
            return Ok(Some(movie));
        }
        match length.map(i64::try_from) {
            Some(Ok(length)) => file.seek_relative(length)?,
            _ => return Ok(None),
        }
    }
}

/// The name of the box at hand and the length of its body, `None` if it reaches to the end of the file.
fn read_header(file: &mut impl Read) -> io::Result<([u8; 4], Option<u64>)> {
    let mut header = [0; 8];
    file.read_exact(&mut header)?;
    let [s0, s1, s2, s3, kind @ ..] = header;
    let too_small = io::Error::from(io::ErrorKind::InvalidData);
    let length = match u32::from_be_bytes([s0, s1, s2, s3]) {
        0 => return Ok((kind, None)),
        // A long size follows.
        1 => {
            let mut size = [0; 8];
            file.read_exact(&mut size)?;
            u64::from_be_bytes(size).checked_sub(16)
        }
        size => u64::from(size).checked_sub(8),
    };
    Ok((kind, Some(length.ok_or(too_small)?)))
}

/// One line of an edit list: its length in the movie's ticks, and where it begins in the track's, -1 for silence.
type Entry = (u64, i64);

fn understand(entries: &[Entry], movie_scale: u32, media_scale: u32) -> Option<Edit> {
    let to_media = |ticks: u64| (u128::from(ticks) * u128::from(media_scale) / u128::from(movie_scale.max(1))) as i64;
    let empty = entries.iter().take_while(|(_, start)| *start < 0);
    let delay = empty.clone().map(|(length, _)| to_media(*length)).fold(0, i64::saturating_add);
    let media = &entries[empty.count()..];
    let (length, start) = *media.first()?;
    let end = (media.len() == 1 && length > 0).then(|| start.saturating_add(to_media(length)));
    Some(Edit { start: start.saturating_sub(delay), end })
}

/// The boxes that lie side by side in `data`, up to the first that is not whole.
fn boxes(mut data: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = usize::try_from(number(data)?).ok()?;
        let kind = data.get(4..)?.first_chunk()?;
        let body = data.get(8..size)?;
        data = &data[size..];
        Some((kind, body))
    })
}

fn find<'a>(data: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(data).find(|(kind, _)| *kind == wanted).map(|(_, body)| body)
}

/// The big-endian number that `data` begins with.
fn number(data: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*data.first_chunk()?))
}

/// As [`number`], of 64 bits.
fn long_number(data: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*data.first_chunk()?))
}

/// Whether the version that the box begins with gives it fields of 64 bits.
fn is_wide(body: &[u8]) -> bool {
    body.first() == Some(&1)
}

/// The number after the two dates of a header box: the track's id in `tkhd`, ticks a second in `mvhd` and `mdhd`.
fn header_number(body: &[u8]) -> Option<u32> {
    number(body.get(if is_wide(body) { 20 } else { 12 }..)?)
}

fn entries(body: &[u8]) -> Option<Vec<Entry>> {
    let count = number(body.get(4..)?)? as usize;
    let entry = |line: &[u8]| {
        if is_wide(body) {
            Some((long_number(line)?, long_number(line.get(8..)?)? as i64))
        } else {
            Some((u64::from(number(line)?), i64::from(number(line.get(4..)?)? as i32)))
        }
    };
    let lines: Vec<_> = body.get(8..)?.chunks_exact(if is_wide(body) { 20 } else { 12 }).take(count).collect();
    (lines.len() == count).then(|| lines.into_iter().map_while(entry).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn make_box(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), &kind[..], body].concat()
    }

    fn words(words: &[i64]) -> Vec<u8> {
        words.iter().flat_map(|word| (*word as u32).to_be_bytes()).collect()
    }

    /// A movie of 1000 ticks a second with a video track 1 and a sound track 2 of 48000.
    fn movie(list: &[i64]) -> Vec<u8> {
        let track = |id, scale, list: &[i64]| {
            let header = make_box(b"tkhd", &words(&[0, 0, 0, id]));
            let media = make_box(b"mdia", &make_box(b"mdhd", &words(&[0, 0, 0, scale])));
            let edits = make_box(b"edts", &make_box(b"elst", &words(list)));
            make_box(b"trak", &[header, edits, media].concat())
        };
        let header = make_box(b"mvhd", &words(&[0, 0, 0, 1000]));
        let body = [header, track(1, 600, &[0, 1, 1, 7, 1]), track(2, 48_000, list)].concat();
        [make_box(b"ftyp", b"M4A "), make_box(b"moov", &body)].concat()
    }

    #[test]
    fn the_delay_and_the_length_are_read() {
        let check = |list: &[i64], expect: Option<(i64, Option<i64>)>| {
            let edit = read_edit(&mut Cursor::new(movie(list)), 2).map(|edit| (edit.start, edit.end));
            assert_eq!(edit, expect, "{list:?}");
        };
        let speed = 0x1_0000;
        check(&[0, 1, 500, 1024, speed], Some((1024, Some(1024 + 24_000))));
        check(&[0, 1, 0, 1024, speed], Some((1024, None)));
        check(&[0, 2, 100, -1, speed, 500, 1024, speed], Some((1024 - 4_800, Some(1024 + 24_000))));
        check(&[0, 2, 500, 1024, speed, 500, 99_000, speed], Some((1024, None)));
        check(&[0, 0], None);
        check(&[0, 9, 500, 1024, speed], None);
        // Version 1: fields of 64 bits.
        check(&[1 << 24, 1, 0, 500, 0, 2112, speed], Some((2112, Some(2112 + 24_000))));
    }

    #[test]
    fn a_broken_file_has_no_edit() {
        let whole = movie(&[0, 1, 500, 1024, 0x1_0000]);
        assert_eq!(read_edit(&mut Cursor::new(&whole), 3), None);
        for length in 0..whole.len() {
            assert_eq!(read_edit(&mut Cursor::new(&whole[..length]), 2), None, "cut to {length} bytes");
        }
    }

    #[test]
    fn a_file_whose_last_box_is_not_whole_is_cut_off() {
        let whole = [movie(&[0, 0]), make_box(b"mdat", &[7; 100])].concat();
        assert!(!is_cut_off(&mut Cursor::new(&whole)));
        for length in [whole.len() - 1, whole.len() - 100, 30] {
            assert!(is_cut_off(&mut Cursor::new(&whole[..length])), "cut to {length} bytes");
        }
    }
}
