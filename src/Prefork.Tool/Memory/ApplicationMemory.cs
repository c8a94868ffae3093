using System.Text.Json;
using Prefork.Tool.Control;

namespace Prefork.Tool.Memory;

/// <summary>
/// What is remembered of applications, a file each in the user's state folder: readable by the user alone, since variables may be secrets; written as a whole
/// or not at all.
/// </summary>
internal static class ApplicationMemory
{
    private const string FileName = "application.json";

    /// <summary>Many arguments and a large environment fit in.</summary>
    private const int Longest = 16 * 1024 * 1024;

    /// <summary>These belong to the session, the terminal or the shell that a command is called from.</summary>
    private static readonly HashSet<string> s_session = new(StringComparer.Ordinal)
    {
        "XDG_RUNTIME_DIR", "XDG_SESSION_ID", "XDG_SESSION_TYPE", "XDG_SESSION_CLASS", "XDG_SEAT", "XDG_VTNR", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSH_CLIENT", "SSH_CONNECTION",
        "SSH_TTY", "GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "TERM", "COLORTERM", "COLUMNS", "LINES", "WINDOWID", "TMUX", "TMUX_PANE", "STY", "PWD", "OLDPWD", "SHLVL", "_",
    };

    internal static string BootId { get; } = ReadBootId();

    /// <summary>This process's environment without what belongs to its session.</summary>
    internal static IReadOnlyDictionary<string, string> LastingEnvironment()
        => Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Where(static entry => !s_session.Contains((string)entry.Key)).ToDictionary(static entry => (string)entry.Key, static entry => (string?)entry.Value ?? "");

    /// <summary>An environment for it now: the remembered one, with what belongs to this session.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> EnvironmentFor(RememberedApplication application)
        => application.Environment.Concat(Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Where(static entry => s_session.Contains((string)entry.Key)).Select(static entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? "")));

    internal static void Write(RememberedApplication application) => Write(PathOf(ApplicationLog.FolderOf(application.Name)), application);

    /// <summary>To a new file that takes the place of the old one when it is complete: whoever reads has one or the other.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    internal static void Write(string path, RememberedApplication application)
    {
        var unseen = $"{path}.{Environment.ProcessId}";
        try
        {
            using (var file = new FileStream(unseen, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = RuntimeFolder.PrivateFile }))
            {
                // Also when the file was there before.
                File.SetUnixFileMode(file.SafeFileHandle, RuntimeFolder.PrivateFile);
                JsonSerializer.Serialize(file, application, MemoryJson.Default.RememberedApplication);

                // On the disk before it has the name: after a loss of power it is the old one or the new one.
                file.Flush(flushToDisk: true);
            }

            File.Move(unseen, path, overwrite: true);
        }
        catch
        {
            File.Delete(unseen);
            throw;
        }
    }

    /// <summary>Null when nothing is remembered of it, or nothing that can be read.</summary>
    internal static RememberedApplication? Find(string name)
        => ControlFolder.State is { } state && Read(PathOf(Path.Combine(state, name))) is { } application && application.Name == name ? application : null;

    /// <summary>Null when there is no such file, or another's, or one that is not whole.</summary>
    internal static RememberedApplication? Read(string path)
    {
        try
        {
            // Somebody else's file could have this user start anything.
            if (Control.Native.OwnerOf(path) is var (owner, isLink) && (isLink || owner != Control.Native.EffectiveUserId) || new FileInfo(path).Length > Longest)
            {
                return null;
            }

            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, MemoryJson.Default.RememberedApplication) is { Name: not null, Words: not null, Folder: not null, Environment: not null } application ? application : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Of those that do not run, by name: how they ended.</summary>
    internal static IReadOnlyList<(RememberedApplication Application, RememberedEnd End)> Ended()
    {
        if (ControlFolder.State is not { } state || !Directory.Exists(state))
        {
            return [];
        }

        return
        [
            .. Directory.GetDirectories(state).Select(static folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)
                .Where(static name => ControlSocket.IsName(name) && !ControlSocket.IsTakenAnywhere(name))
                .Select(Find).OfType<RememberedApplication>()
                .Select(static application => (application, EndOf(application))),
        ];
    }

    /// <summary>How one that does not run any more ended; for one that could not say, what can be seen.</summary>
    internal static RememberedEnd EndOf(RememberedApplication application)
    {
        if (application.End is { } end)
        {
            // A machine that goes down sends signals first.
            return end.Asked || application.Boot == BootId ? end : end with { Reason = $"{end.Reason.TrimEnd('.')}; the machine was restarted since" };
        }

        var seen = LastSeen(application);
        return application.Boot != BootId ? new RememberedEnd(seen, "the machine was restarted", Asked: false)
            : LastWordsOf(application.Name) is { } words ? new RememberedEnd(seen, $"it crashed: {words}", Asked: false)
            : new RememberedEnd(seen, "it was killed", Asked: false);
    }

    /// <summary>Whether it ended in a way that whoever started it has not heard of: it was killed, crashed, or is gone since the machine was restarted.</summary>
    internal static bool EndedUnseen(RememberedApplication application) => application.End is null || (!application.End.Asked && application.Boot != BootId);

    /// <summary>In a sentence, with what to do.</summary>
    internal static string Tell(RememberedApplication application, RememberedEnd end)
        => $"{application.Name} does not run: {end.Reason.TrimEnd('.')} ({(application.End is null ? "last seen " : "")}{end.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}). 'prefork start {application.Name}' starts it again, 'prefork forget {application.Name}' forgets it.";

    /// <summary>Says that it runs still: <see cref="LastSeen"/> is when that was said last.</summary>
    internal static void Touch(string name) => File.SetLastWriteTimeUtc(PathOf(ApplicationLog.PlaceOf(name)), DateTime.UtcNow);

    internal static bool IsThere(string name) => File.Exists(PathOf(ApplicationLog.PlaceOf(name)));

    internal static bool Forget(string name)
    {
        if (ControlFolder.State is not { } state || Path.Combine(state, name) is var folder && !File.Exists(PathOf(folder)))
        {
            return false;
        }

        File.Delete(PathOf(folder));
        return true;
    }

    private static string PathOf(string folder) => Path.Combine(folder, FileName);

    private static DateTimeOffset LastSeen(RememberedApplication application)
        => File.GetLastWriteTimeUtc(PathOf(Path.Combine(ControlFolder.State!, application.Name))) is var time && time > application.Started.UtcDateTime ? time : application.Started;

    /// <summary>What .NET says of a crash of the primary itself goes to this file.</summary>
    private static string? LastWordsOf(string name)
    {
        var file = Path.Combine(ControlFolder.State!, name, "start.txt");
        return File.Exists(file) ? Prefork.Supervision.LastWords.Find([.. File.ReadLines(file).Take(1000)])?.Text : null;
    }

    private static string ReadBootId()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
