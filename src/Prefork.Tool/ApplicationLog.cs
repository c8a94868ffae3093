using Prefork.Tool.Control;
using Serilog;

namespace Prefork.Tool;

/// <summary>
/// What an application in the background says, and its workers: files of 10 MiB, the last five kept. A disk that is full costs the lines, and nobody's time.
/// </summary>
internal sealed class ApplicationLog : IDisposable
{
    private const string FileName = "log.txt";
    private readonly Serilog.Core.Logger _logger;

    private ApplicationLog(string folder)
    {
        Path = System.IO.Path.Combine(folder, FileName);
        _logger = new LoggerConfiguration()
            .WriteTo.File(
                Path,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: 10 * 1024 * 1024,
                retainedFileCountLimit: 5,
                formatProvider: System.Globalization.CultureInfo.InvariantCulture,
                outputTemplate: "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Source:l} {Line:l}{NewLine}")
            .CreateLogger();
    }

    /// <summary>The first of the files; later ones have a number before the extension.</summary>
    internal string Path { get; }

    internal static ApplicationLog Open(string name) => new(FolderOf(name));

    /// <summary><c>$XDG_STATE_HOME/prefork/NAME</c>, or <c>~/.local/state/prefork/NAME</c>: this user's alone.</summary>
    internal static string FolderOf(string name)
    {
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } given ? given
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local/state");
        return RuntimeFolder.OpenPrivate(System.IO.Path.Combine(state, "prefork", name));
    }

    /// <summary>The files, the newest last.</summary>
    internal static IReadOnlyList<string> Files(string folder) => [.. Directory.GetFiles(folder, "log*.txt").OrderBy(File.GetCreationTimeUtc).ThenBy(static file => file, StringComparer.Ordinal)];

    internal void Write(LogLine line) => _logger.Information("{Source} {Line}", line.Mark, line.Line);

    public void Dispose() => _logger.Dispose();
}
