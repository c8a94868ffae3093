using Prefork.Tool.Control;
using Serilog;

namespace Prefork.Tool;

/// <summary>
/// What an application in the background says, and its workers: files of 10 MiB, the last five kept. A disk that is full costs the lines, and nobody's time.
/// </summary>
internal sealed class ApplicationLog : IDisposable
{
    private const string FileName = "log.txt";
    private const string Variable = "XDG_STATE_HOME";
    private readonly string _folder;
    private readonly Serilog.Core.Logger _logger;

    private ApplicationLog(string folder)
    {
        _folder = folder;
        _logger = new LoggerConfiguration()
            .WriteTo.File(
                System.IO.Path.Combine(folder, FileName),
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: 10 * 1024 * 1024,
                retainedFileCountLimit: 5,
                formatProvider: System.Globalization.CultureInfo.InvariantCulture,
                outputTemplate: "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Source:l} {Line:l}{NewLine}")
            .CreateLogger();
    }

    /// <summary>The file that is written; the first one may have been deleted.</summary>
    internal string Path => LogReader.Files(_folder).LastOrDefault() ?? System.IO.Path.Combine(_folder, FileName);

    internal static ApplicationLog Open(string name) => new(FolderOf(name));

    /// <summary><c>$XDG_STATE_HOME/prefork/NAME</c>, or <c>~/.local/state/prefork/NAME</c>: this user's alone.</summary>
    /// <exception cref="CommandException">There is no such place.</exception>
    internal static string FolderOf(string name)
    {
        var state = RuntimeFolder.Given(Variable) ?? (Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home
            ? System.IO.Path.Combine(home, ".local/state")
            : throw new CommandException(ExitCodes.Failed, $"there is no place for logs: you have no home folder{(Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } given ? $" ({given} is none)" : "")}. Make one, or set {Variable} to a folder for them."));
        return RuntimeFolder.OpenPrivate(System.IO.Path.Combine(state, "prefork", name), Variable);
    }

    internal void Write(LogLine line) => _logger.Information("{Source} {Line}", line.Mark, line.Line);

    public void Dispose() => _logger.Dispose();
}
