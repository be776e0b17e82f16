//! The memory over a restart, and the part of it that is believed.
#![allow(clippy::unwrap_used)]
use super::disk::read;
use super::*;
use std::fs;
use std::time::SystemTime;

const KEPT: &str = r#"{"saved_at": 7}"#;
const LATER: &str = r#"{"format": 99, "saved_at": 7, "new": [true]}"#;

/// The number that is read of a file `text`, the file beside it then, and whether the file
/// is there.
fn opened(text: &[u8]) -> (u64, Option<Vec<u8>>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    fs::write(&path, text).unwrap();
    let (file, state) = StateFile::open(Some(path.clone()));
    assert!(matches!(file.kept(), Kept::File(_)));
    let aside = fs::read(folder.path().join("state.json.unreadable"));
    (state.saved_at, aside.ok(), path.exists())
}

#[test]
fn an_unreadable_file_is_moved_aside_before_it_is_written_over() {
    assert_eq!(opened(KEPT.as_bytes()), (7, None, true));
    for text in [b"" as &[u8], b"{", b"\xff\xfe", b"{\"meetings\": 3}"] {
        assert_eq!(opened(text), (0, Some(text.to_owned()), false));
    }
}

#[test]
fn a_file_of_a_later_version_is_kept_aside_and_read_as_far_as_possible() {
    let later = LATER.as_bytes();
    assert_eq!(opened(later), (7, Some(later.to_owned()), false));
}

#[test]
fn a_folder_makes_way_for_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    fs::create_dir(&path).unwrap();
    let _ = StateFile::open(Some(path.clone()));
    Disk::new(path.clone()).write(KEPT.as_bytes()).unwrap();
    assert!(folder.path().join("state.json.unreadable").is_dir());
    assert_eq!(read(&path).unwrap().saved_at, 7);
}

#[tokio::test]
async fn it_is_written_by_the_active_gavel_and_read_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let at = |saved_at| -> State {
        serde_json::from_value(serde_json::json!({ "saved_at": saved_at })).unwrap()
    };
    let (mut first, _) = StateFile::open(Some(path.clone()));
    let (mut second, _) = StateFile::open(Some(path.clone()));
    assert!(first.take().is_none(), "nothing is there");
    first.want();
    assert!(first.is_due());
    first.finish(&at(1)).await;
    second.want();
    assert!(!second.is_due(), "it stands by");
    second.finish(&at(2)).await;
    assert_eq!(second.take().map(|state| state.saved_at), Some(1));
    assert!(second.take().is_none(), "a reconnect is no takeover");
    first.leave();
    second.finish(&at(3)).await;
    first.finish(&at(4)).await;
    assert_eq!(first.take().map(|state| state.saved_at), Some(3));
}

#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    Disk::new(path.clone()).write(KEPT.as_bytes()).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

const ROOM: &str = "class@muc.x";

/// A state in which bob has been promoted and dave has stepped down.
fn granted(saved_at: u64) -> State {
    let grant = serde_json::json!({ "affiliation": "owner", "at": 1 });
    let people = serde_json::json!({
        "bob@x": { "grant": grant, "kept": "owner" },
        "eve@x": { "override": { "affiliation": "admin" } },
        "ban@x": { "override": { "affiliation": "outcast" } },
        "dave@x": { "step_down": "member" },
    });
    let meetings = serde_json::json!({ ROOM: { "people": people } });
    serde_json::from_value(serde_json::json!({ "saved_at": saved_at, "meetings": meetings }))
        .unwrap()
}

/// The people who are remembered to hold something, and those to hold less.
fn held(state: &State) -> (Vec<String>, Vec<String>) {
    let people = state.meetings.values().flat_map(|meeting| &meeting.people);
    let (mut more, mut less) = (Vec::new(), Vec::new());
    for (jid, record) in people {
        let set = record.overridden_to();
        let set_more = set.is_some_and(|set| set.moderates());
        if record.grant().is_some() || record.kept().is_some() || set_more {
            more.push(jid.to_string());
        }
        if record.cap().is_some() || set.is_some() && !set_more {
            less.push(jid.to_string());
        }
    }
    (more, less)
}

/// Has the work under way done, as the loop of gavel does, until `enough`.
async fn work_until(file: &mut StateFile, state: &State, enough: impl Fn(&StateFile) -> bool) {
    let work = async {
        while !enough(file) {
            if file.is_due() {
                file.write(state);
            }
            file.progress().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .unwrap();
}

fn is_idle(file: &StateFile) -> bool {
    !file.writing && !file.is_wanted()
}

#[test]
fn b21_grants_count_only_if_the_file_was_whole_and_current() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let all = (
        vec!["bob@x".to_owned(), "eve@x".to_owned()],
        vec!["ban@x".to_owned(), "dave@x".to_owned()],
    );
    let old = Duration::from_secs(121);
    for (mark, age, counts) in [
        (Some(Mark::Ended), old, true),
        (Some(Mark::Alive), Duration::ZERO, true),
        (Some(Mark::Alive), old, false),
        (Some(Mark::Stale), Duration::ZERO, false),
        (None, Duration::ZERO, false),
    ] {
        let text = match mark {
            Some(mark) => disk::text(&granted(1), mark).unwrap(),
            None => serde_json::to_vec(&granted(1)).unwrap(),
        };
        fs::write(&path, text).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        let found = held(&read(&path).unwrap());
        let expected = if counts {
            all.clone()
        } else {
            (Vec::new(), all.1.clone())
        };
        assert_eq!(found, expected, "{mark:?}, {age:?} old");
    }
}

/// As from a backup: a copy has the time at which it was copied.
#[tokio::test]
async fn b21_a_copy_of_an_old_file_of_a_running_gavel_restores_no_grant() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("state.json"), folder.path().join("copy"));
    let text = String::from_utf8(disk::text(&granted(1), Mark::Alive).unwrap()).unwrap();
    let at = text.split('"').nth(7).unwrap().to_owned();
    let seconds: u64 = at.parse().unwrap();
    for (ago, counts) in [(0, true), (60, true), (200, false)] {
        let old = format!("{:0width$}", seconds - ago, width = at.len());
        fs::write(&path, text.replacen(&at, &old, 1)).unwrap();
        fs::copy(&path, &copy).unwrap();
        let found = held(&read(&copy).unwrap());
        assert_eq!(!found.0.is_empty(), counts, "{ago} s old");
        assert_eq!(found.1.len(), 2);
    }
    // A renewed file counts, and can be read.
    let (mut file, _) = StateFile::open(Some(path.clone()));
    file.take();
    work_until(&mut file, &granted(2), is_idle).await;
    file.not_before = None;
    file.touch_at = Instant::now();
    file.progress().await;
    file.finish(&granted(3)).await;
    assert_eq!(held(&read(&path).unwrap()).0.len(), 2);
}

/// The disk takes nothing for a while: a state that was not written is not believed, and is
/// written as soon as it can be.
#[tokio::test]
async fn b21_a_write_that_failed_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let (mut file, _) = StateFile::open(Some(path.clone()));
    file.take();
    work_until(&mut file, &granted(1), is_idle).await;
    assert_eq!(held(&read(&path).unwrap()).0.len(), 2);
    // A folder of that name cannot be opened as a file.
    fs::create_dir(folder.path().join("state.json.new")).unwrap();
    file.want();
    work_until(&mut file, &granted(2), |file| file.failures == 2).await;
    assert!(matches!(file.kept(), Kept::Failed(..)));
    let found = read(&path).unwrap();
    assert_eq!(
        (found.saved_at, held(&found).0.len()),
        (1, 0),
        "it is known to be stale"
    );
    fs::remove_dir(folder.path().join("state.json.new")).unwrap();
    work_until(&mut file, &granted(3), is_idle).await;
    assert!(matches!(file.kept(), Kept::File(_)));
    let found = read(&path).unwrap();
    assert_eq!((found.saved_at, held(&found).0.len()), (3, 2));
}

#[tokio::test]
async fn b21_the_last_write_is_tried_again_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let obstacle = folder.path().join("state.json.new");
    let (mut file, _) = StateFile::open(Some(path.clone()));
    file.take();
    work_until(&mut file, &granted(1), is_idle).await;
    fs::create_dir(&obstacle).unwrap();
    file.want();
    let again = tokio::spawn(async move {
        file.finish(&granted(2)).await;
        file
    });
    sleep(Duration::from_millis(700)).await;
    fs::remove_dir(&obstacle).unwrap();
    again.await.unwrap();
    let found = read(&path).unwrap();
    assert_eq!((found.saved_at, held(&found).0.len()), (2, 2));
}

/// A disk that takes nothing to the end is waited for no longer than 2 s, and
/// leaves a file that is not believed.
#[tokio::test]
async fn b21_gavel_ends_though_the_disk_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let (mut file, _) = StateFile::open(Some(path.clone()));
    file.take();
    work_until(&mut file, &granted(1), is_idle).await;
    fs::create_dir(folder.path().join("state.json.new")).unwrap();
    file.want();
    let start = Instant::now();
    file.finish(&granted(2)).await;
    assert!(start.elapsed() < LAST * 2, "{:?}", start.elapsed());
    assert_eq!(held(&read(&path).unwrap()).0.len(), 0);
}

#[tokio::test]
async fn b21_a_gavel_that_crashes_leaves_a_file_that_counts_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let (mut file, _) = StateFile::open(Some(path.clone()));
    file.take();
    work_until(&mut file, &granted(1), is_idle).await;
    let touch = |age| {
        let at = SystemTime::now() - Duration::from_secs(age);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(at)
            .unwrap();
    };
    touch(300);
    assert_eq!(
        held(&read(&path).unwrap()).0.len(),
        0,
        "who has written it could not since"
    );
    // The loop goes on: the time of the file is renewed.
    file.not_before = None;
    file.touch_at = Instant::now();
    file.progress().await;
    let renewed = async {
        while held(&read(&path).unwrap()).0.is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed)
        .await
        .unwrap();
}
