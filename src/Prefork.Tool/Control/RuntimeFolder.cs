using System.Globalization;

namespace Prefork.Tool.Control;

/// <summary>
/// Where this user's applications have their control sockets if there is no state folder: private to the user (0700), and gone with the last session where
/// the system sees to that.
/// </summary>
internal static class RuntimeFolder
{
    internal const string Variable = "XDG_RUNTIME_DIR";
    internal const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary><c>$XDG_RUNTIME_DIR/prefork</c>, or <c>/run/user/UID/prefork</c>, or <c>/tmp/prefork-UID</c>.</summary>
    internal static string Place
    {
        get
        {
            var uid = Native.EffectiveUserId.ToString(CultureInfo.InvariantCulture);
            return GivenFolders.Of(Variable) is { } given ? Path.Combine(given, "prefork")
                : Directory.Exists($"/run/user/{uid}") ? $"/run/user/{uid}/prefork"
                : $"/tmp/prefork-{uid}";
        }
    }

    /// <summary>Made if need be.</summary>
    /// <exception cref="CommandException">It is somebody else's, a link, or open to others.</exception>
    internal static string Open() => OpenPrivate(Place, Variable);

    /// <summary>A folder of this user's alone.</summary>
    /// <param name="path">Made if need be.</param>
    /// <param name="variable">Which variable leads elsewhere.</param>
    internal static string OpenPrivate(string path, string variable)
    {
        try
        {
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, Private);
            }

            Check(path, variable);
            if (File.GetUnixFileMode(path) != Private)
            {
                File.SetUnixFileMode(path, Private);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, variable, exception);
        }

        return path;
    }

    /// <summary>Whether it is there, and this user's own.</summary>
    internal static bool IsOwn(string path)
    {
        try
        {
            return Directory.Exists(path) && Native.OwnerOf(path) == (Native.EffectiveUserId, false);
        }
        catch (IOException)
        {
            // It has just gone.
            return false;
        }
    }

    /// <summary>A folder in which nobody else can have written.</summary>
    internal static string Check(string path, string variable)
    {
        try
        {
            var (owner, isLink) = Native.OwnerOf(path);
            var why = isLink ? "is a link"
                : owner != Native.EffectiveUserId ? $"is user {owner}'s"
                : owner == 0 && !GivenFolders.IsRoots(path) ? "is in another user's folder"
                : null;
            return why is null ? path
                : throw new CommandException(ExitCodes.Failed, $"{path} {why}, and must be a folder of your own: whoever can write there could speak for your applications. Remove it, or set {variable} to another folder.");
        }
        catch (IOException exception)
        {
            throw Unusable(path, variable, exception);
        }
    }

    private static CommandException Unusable(string path, string variable, Exception why)
        => new(ExitCodes.Failed, $"{path} cannot be used: {why.Message.TrimEnd('.')}. See to it that it can be read and written, or set {variable} to another folder.", why);
}
