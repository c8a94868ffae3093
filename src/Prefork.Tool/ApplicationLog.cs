using System.Text;
using Prefork.Tool.Control;
using Serilog;
using Serilog.Events;
using Serilog.Parsing;

namespace Prefork.Tool;

/// <summary>
/// What an application in the background says, and its workers: files of 10 MiB, the last five kept. A disk that is full, or does not answer, costs the lines, and nobody's time.
/// </summary>
internal sealed class ApplicationLog : IAsyncDisposable
{
    private static readonly MessageTemplate s_template = new MessageTemplateParser().Parse("");

    private const string FileName = "log.txt";
    private readonly string _folder;
    private readonly Lock _lock = new();
    private readonly LineQueue _lines;
    private Serilog.Core.Logger _logger;
    private OpenFile? _open;

    private ApplicationLog(string folder)
    {
        _folder = folder;
        _logger = Open();
        _lines = new LineQueue("prefork log", WriteNow, workersWait: false, TimeProvider.System);
    }

    /// <summary>The file that is written. The file system is not asked: it may not answer.</summary>
    internal string Path => Volatile.Read(ref _open)?.Path ?? System.IO.Path.Combine(_folder, FileName);

    internal static string NewestOf(string name) => NewestIn(PlaceOf(name));

    internal static ApplicationLog OpenFor(string name) => new(FolderOf(name));

    /// <summary><c>$XDG_STATE_HOME/prefork/NAME</c>, or <c>~/.local/state/prefork/NAME</c>: this user's alone.</summary>
    /// <exception cref="CommandException">There is no such place.</exception>
    internal static string FolderOf(string name) => RuntimeFolder.OpenPrivate(PlaceOf(name), ControlFolder.Variable);

    /// <summary>The same, as it is or is not there.</summary>
    internal static string PlaceOf(string name)
        => ControlFolder.State is { } state ? System.IO.Path.Combine(state, name)
            : throw new CommandException(ExitCodes.Failed, $"there is no place for logs: you have no home folder{(Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } given ? $" ({given} is none)" : "")}. Make one, or set {ControlFolder.Variable} to a folder for them.");

    /// <summary>
    /// Looks whether the file that is written to can still be found: one that was deleted, moved or replaced takes lines that nobody can read. Then it is begun anew.
    /// </summary>
    /// <returns>Whether it was.</returns>
    internal bool Restore()
    {
        if (Volatile.Read(ref _open) is not { } open || Control.Native.IdentityOf(open.Path) == open.Identity)
        {
            return false;
        }

        RuntimeFolder.OpenPrivate(_folder, ControlFolder.Variable);
        lock (_lock)
        {
            _logger.Dispose();
            _logger = Open();
        }

        return true;
    }

    /// <summary>It is written soon.</summary>
    internal void Write(LogLine line) => _lines.Add(line);

    /// <inheritdoc cref="LineQueue.RoomAsync"/>
    internal ValueTask RoomAsync() => _lines.RoomAsync();

    /// <inheritdoc cref="LineQueue.WrittenAsync"/>
    internal Task WrittenAsync() => _lines.WrittenAsync();

    /// <summary>Writes what waits. Of a file system that does not answer nothing is asked any more: the kernel closes the file. It may also be the close that is not answered.</summary>
    public async ValueTask DisposeAsync()
    {
        await _lines.DisposeAsync();
        if (_lines.IsEmpty)
        {
            await Task.WhenAny(Task.Run(Close), Task.Delay(LineQueue.Patience));
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            _logger.Dispose();
        }
    }

    /// <summary>A worker's line stays byte by byte what it was, also when it is no UTF-8: to the sink each byte is a character, of its encoding Latin-1.</summary>
    private void WriteNow(LogLine line)
    {
        var bytes = line.Bytes ?? Encoding.UTF8.GetBytes(line.Line);
        var written = new LogEvent(
            line.Time ?? DateTimeOffset.Now,
            LogEventLevel.Information,
            null,
            s_template,
            [new LogEventProperty("Source", new ScalarValue(line.Mark)), new LogEventProperty("Line", new ScalarValue(Encoding.Latin1.GetString(bytes)))]);
        lock (_lock)
        {
            _logger.Write(written);
        }
    }

    private static string NewestIn(string folder) => LogReader.Files(folder).LastOrDefault() ?? System.IO.Path.Combine(folder, FileName);

    private Serilog.Core.Logger Open() => new LoggerConfiguration()
        .WriteTo.File(
            System.IO.Path.Combine(_folder, FileName),
            rollOnFileSizeLimit: true,
            fileSizeLimitBytes: 10 * 1024 * 1024,
            retainedFileCountLimit: 5,
            encoding: Encoding.Latin1,
            hooks: new Private(this),
            formatProvider: System.Globalization.CultureInfo.InvariantCulture,
            outputTemplate: "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Source:l} {Line:l}{NewLine}")
        .CreateLogger();

    /// <summary>The file that is written to, and which one it was when it was opened.</summary>
    private sealed record OpenFile(string Path, FileIdentity? Identity);

    /// <summary>Readable by its user alone, also where the folder is not.</summary>
    private sealed class Private(ApplicationLog log) : Serilog.Sinks.File.FileLifecycleHooks
    {
        public override Stream OnFileOpened(string path, Stream underlyingStream, Encoding encoding)
        {
            File.SetUnixFileMode(path, RuntimeFolder.PrivateFile);
            Volatile.Write(ref log._open, new OpenFile(path, Control.Native.IdentityOf(path)));
            return underlyingStream;
        }
    }
}
