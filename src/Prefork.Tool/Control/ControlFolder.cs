namespace Prefork.Tool.Control;

/// <summary>
/// Where applications have their names and sockets: in the user's state folder, which does not depend on a session. A session's runtime folder goes with a
/// log-out, and a command may have another one, or none.
/// </summary>
internal static class ControlFolder
{
    internal const string Variable = "XDG_STATE_HOME";

    /// <summary><c>$XDG_STATE_HOME/prefork</c>, or <c>~/.local/state/prefork</c>; null for a user without a home.</summary>
    internal static string? State
        => (GivenFolders.Of(Variable) ?? (GivenFolders.HomeFolder is { } home ? Path.Combine(home, ".local/state") : null)) is { } state
            ? Path.Combine(state, "prefork") : null;

    /// <summary>For an application; made if need be. The runtime folder where there is no state folder, or none can be made.</summary>
    /// <exception cref="CommandException">It is somebody else's, a link, or open to others.</exception>
    internal static string Open()
    {
        if (State is not { } state)
        {
            return RuntimeFolder.Open();
        }

        try
        {
            return RuntimeFolder.OpenPrivate(state, Variable);
        }
        catch (CommandException exception) when (exception.InnerException is IOException or UnauthorizedAccessException)
        {
            try
            {
                return RuntimeFolder.Open();
            }
            catch (CommandException)
            {
                throw exception;
            }
        }
    }

    /// <summary>
    /// Those there are, to look for applications in. A name is taken when it is taken in one of them. Anybody can make a folder in /tmp: one that is somebody
    /// else's, or a link, is no runtime folder of this user's.
    /// </summary>
    /// <exception cref="CommandException">The state folder is a link, or somebody else's.</exception>
    internal static IReadOnlyList<string> All()
    {
        if (State is { } state && Directory.Exists(state))
        {
            RuntimeFolder.Check(state, Variable);
        }

        return [.. new[] { State, RuntimeFolder.Place }.OfType<string>().Distinct().Where(RuntimeFolder.IsOwn)];
    }
}
